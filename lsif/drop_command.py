"""The command that says why a day's lists were worth less than another day's."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsif.days import day_before, parsed_day
from lsif.rows_out import AsCsv, AsJson, form

if TYPE_CHECKING:
    from lsif.evaluation.explain import Explanation

SAID = {
    "volume": "how much users took afterwards",
    "users": "how long the users had been known",
    "catalogue": "how much they took that could not be recommended",
    "events": "by what kind of event they took it",
    "model": "another version of the model",
    "rules": "other lists and rules",
    "freshness": "how late the newest event was",
    "rest": "nothing of these",
}


def explain_drop(
    ds: Annotated[str, typer.Option("--ds", metavar="YYYY-MM-DD", help="Day of the lists.")],
    against: Annotated[
        str | None, typer.Option("--against", metavar="YYYY-MM-DD", help="Day of the others; default: the day before.")
    ] = None,
    name: Annotated[str, typer.Option("--list", metavar="NAME", help="Which list.")] = "for_you",
    metric: Annotated[str, typer.Option("--metric", help="ndcg, recall, hit_rate, map or mrr, @ and a length.")] = (
        "ndcg@10"
    ),
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Split what a list lost between two days into causes: `lsif explain-drop --ds D --against E`.

    The parts add up to the change. Users of E are weighted to be as those of D were; then the lists are scored again
    with the model and the rules of E. Lists are judged by the days after them (`training.horizon_days`).
    """
    from lsif.config import load_settings
    from lsif.evaluation.explain import explain
    from lsif.evaluation.worth import Measure
    from lsif.lookup import model_of, tables
    from lsif.screen import show

    how, settings, day = form(as_json, as_csv), load_settings(), parsed_day(ds)
    measure = Measure.of(name, metric, settings)
    found = explain(tables(), day, parsed_day(against or day_before(day)), measure, settings, model_of)
    show(how, _title(found, name, metric), ["cause", "part", "what"], _rows(found))


def _title(found: "Explanation", name: str, metric: str) -> str:
    change = f"{found.before:.4f} on {found.against}, {found.after:.4f} on {found.ds}"
    chance = "" if found.is_clear else f"; no more than chance (±{found.noise:.4f})"
    return f"{metric} of {name}: {change}{chance}" + (f"; {found.remark}" if found.remark else "")


def _rows(found: "Explanation") -> list[dict[str, Any]]:
    parts = sorted(found.parts.items(), key=lambda part: -abs(part[1]))
    return [{"cause": cause, "part": part, "what": SAID[cause]} for cause, part in parts]
