"""How old what a night read is: the model, the lists of products and users, and what is made of the log."""

from datetime import date

from lsif.bounds import Drift
from lsif.checks import Check, within
from lsif.config import Settings
from lsif.drift.checks import SECTION
from lsif.interests.bases import history_settings, usable_bases
from lsif.interests.catalogue_days import Lists
from lsif.tables import Tables


def age_checks(tables: Tables, ds: str, trained_through: str | None, settings: Settings) -> list[Check]:
    """A check for each thing that is there.

    Args:
        trained_through: of the model; None where none scored, or nobody said.
    """
    tables = tables.pinned()
    newest = {
        "model": trained_through,
        "catalogue": delivered(tables, "items", ds) if settings.catalogue else None,
        "users": delivered(tables, "users", ds) if settings.users else None,
        "events": max((day for day, rows in tables.rows("events", last=ds).items() if rows), default=None),
        "history_base": max(usable_bases(tables, ds, history_settings(settings)), default=None),
        "item_states": tables.newest_day("item_states", ds),
        "recent_windows": tables.newest_day("recent_windows", ds),
    }
    bounds = settings.checks.drift
    return [_age(name, day, ds, bounds) for name, day in newest.items() if day is not None]


def _age(name: str, day: str, ds: str, bounds: Drift) -> Check:
    days = (date.fromisoformat(ds) - date.fromisoformat(day)).days
    check, what = f"{name}_age_days", name.replace("_", " ")
    bound = getattr(bounds, check)
    return within(check, days, bound, f"the newest {what} before {ds}: of {day}, {days} days old", SECTION)


def delivered(tables: Tables, table: str, ds: str) -> str | None:
    """When the list in force was delivered last, also where the delivery equalled it and was not stored."""
    newest = tables.newest_day(table, ds)
    return max([newest, *Lists(tables, table, f"ingest_{table}").delivered_days(newest, ds)]) if newest else None
