"""The command that shows what came of an experiment so far."""

from typing import Annotated, Any

import typer

from lsif.days import parsed_day
from lsif.rows_out import AsCsv, AsJson, form


def experiment(
    ds: Annotated[
        str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="By what had arrived by then; default: the newest.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the variants of `[experiment]` beside the control, by list and metric: `lsif experiment --ds 2017-11-14`.

    Intervals hold on every day, however often you look: what is beyond 0 may be acted on at once.
    """
    from lsif.config import load_settings
    from lsif.errors import LsifError
    from lsif.evaluation.experiment import results
    from lsif.evaluation.experiment_night import sample_ratio
    from lsif.experiments.record import Record
    from lsif.lookup import tables
    from lsif.screen import show

    how, stored, settings = form(as_json, as_csv), tables(), load_settings()
    if settings.experiment is None:
        raise LsifError("the configuration has no [experiment]")
    day = parsed_day(ds) if ds else max(stored.days("feedback"), default=str(settings.experiment.first))
    if day < str(settings.experiment.first):
        raise LsifError(f"the experiment {settings.experiment.name} begins on {settings.experiment.first}, after {day}")
    found = results(stored, day, settings)
    rows: list[dict[str, Any]] = sorted(map(vars, found.outcomes), key=lambda row: (row["list"], row["metric"]))
    who = ", ".join(f"{name} {users:,}" for name, users in found.assigned.items()) or "nobody yet"
    stops = [f"{name} stopped on {at}" for name, at in Record.read(stored, settings.experiment).stops.items()]
    odd = sample_ratio("assigned", found.assigned, {n: one.share for n, one in settings.experiment.variants.items()})
    title = "; ".join(filter(None, [f"{settings.experiment.name} at {day}, users {who}", *stops, odd.note]))
    told = ["users", "of", "hits", "rate", "low", "high", "gain", "gain_low", "gain_high"]
    show(how, title, ["list", "metric", "variant", *told], rows)
