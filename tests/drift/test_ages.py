"""The age of the model and of each thing that a night reads, of what is there."""

from lsif.config import Settings
from lsif.drift.ages import age_checks
from lsif.tables import Tables
from tests.ranking.shop import catalogue, event_rows, table

DS = "2017-03-31"


def write(tables: Tables, name: str, **days: bool) -> None:
    """An empty day where it says False."""
    from tests.ranking.shop import TODAY

    rows = {
        "events": table("events", event_rows([("u", "i", TODAY)])).drop_columns("ds"),
        "items": catalogue(3).drop_columns("ds"),
    }
    writer = tables.writer(name)
    for day, full in days.items():
        ds = day.removeprefix("d").replace("_", "-")
        writer.write(ds, rows[name] if full else rows[name].slice(0, 0))
    writer.commit()


def ages(tables: Tables, settings: Settings, through: str | None) -> dict[str, tuple[float | None, str]]:
    return {one.name: (one.value, one.verdict) for one in age_checks(tables, DS, through, settings)}


def test_each_age_is_counted_from_the_last_day_that_brought_something(tables: Tables, settings: Settings) -> None:
    write(tables, "events", d2017_03_26=True, d2017_03_30=False, d2017_03_31=False, d2017_04_02=True)
    write(tables, "items", d2017_03_10=True, d2017_04_01=True)
    assert ages(tables, settings, "2017-02-01") == {
        "model_age_days": (58.0, "warn"),
        "catalogue_age_days": (21.0, "warn"),
        "events_age_days": (5.0, "warn"),
    }


def test_what_is_young_passes_and_what_is_not_there_has_no_age(tables: Tables, settings: Settings) -> None:
    write(tables, "events", d2017_03_31=True)
    assert ages(tables, settings, "2017-03-24") == {"model_age_days": (7.0, "pass"), "events_age_days": (0.0, "pass")}
    assert ages(tables, settings, None).keys() == {"events_age_days"}
