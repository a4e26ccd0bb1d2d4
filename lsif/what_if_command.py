"""The command that asks what another version of the model would have earned on what was shown."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsif.days import days_between, parsed_day
from lsif.rows_out import AsCsv, AsJson, form

if TYPE_CHECKING:
    import pyarrow as pa

    from lsif.config import Settings
    from lsif.evaluation.what_if import Metric, Worth
    from lsif.ranking.trained import TrainedModel
    from lsif.tables import Tables

ENDS = {"": "value", "_low": "low", "_high": "high"}
"""Columns of the second estimate, after its name."""


def what_if(
    version: Annotated[str, typer.Argument(help="Number or alias of a registered version.")],
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day of exposures, by arrival.")],
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day of them.")],
    conversion: Annotated[bool, typer.Option("--conversion", help="Count conversions instead of clicks.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Estimate what a version's lists would have earned on what was shown: `lsif what-if 7 --from D --to D`.

    Wants impressions, and lists of which rows were drawn (rules `explore` or `rotate`): a row tells of other lists by
    the probability that it was drawn with. Where they hardly overlap it says so, and gives no number.
    """
    from lsif.config import load_settings
    from lsif.errors import LsifError
    from lsif.evaluation.what_if import exposures, worth
    from lsif.lookup import loaded, tables
    from lsif.screen import show

    how, stored, settings = form(as_json, as_csv), tables(), load_settings()
    metric: Metric = "conversion" if conversion else "click_through"
    rows = exposures(stored, days_between(parsed_day(first), parsed_day(last)), metric, settings)
    trained = loaded(version)
    begins = min(rows["recommended_ds"].to_pylist())
    if trained.trained_through > begins:
        raise LsifError(
            f"version {trained.version} learned from days up to {trained.trained_through}: "
            f"lists of {begins} would know what came of them"
        )

    told = [_told(one) for one in worth(rows, partial(_lists, stored, settings, trained))]
    columns = ["list", "rows", "shown", "value", "low", "high", "robust", "effective", "overlap", "because"]
    title = f"{metric} of a row that was shown, and with version {trained.version} instead"
    show(how, title, columns, told)


def _lists(stored: "Tables", settings: "Settings", trained: "TrainedModel", ds: str, users: list[str]) -> "pa.Table":
    """What the model would list for users, each by the settings of that user's variant, where its rows would stand."""
    import pyarrow as pa

    from lsif.evaluation.what_if import in_places
    from lsif.experiments.served import served_at
    from lsif.ranking.by_rules import without_draws
    from lsif.ranking.night import lists_at

    found = []
    for part in served_at(stored, ds, settings, pa.array(sorted(users), pa.string())):
        if ids := part.ids.to_pylist():
            rows = lists_at(stored, ds, without_draws(part.settings), trained, ids, told=False)
            found.append(in_places(rows, ds, part.settings))
    return pa.concat_tables(found)


def _told(one: "Worth") -> dict[str, Any]:
    said: dict[str, Any] = vars(one.other) if one.other else {"because": one.because}
    robust = {f"robust{end}": getattr(one.robust, name) for end, name in ENDS.items()} if one.robust else {}
    return {"list": one.name, "rows": one.rows, "shown": one.shown, **said, **robust}
