"""What changed since the night before: the rows `night.…` of `metrics_daily`, known before anybody clicks."""

from collections.abc import Iterable

import pyarrow.compute as pc

from lsif.days import day_before
from lsif.report.blocks import Cell, Grid, Section, number, text
from lsif.report.night import Change, Night, Row
from lsif.report.numbers import percent
from lsif.report.texts.words import Words

PREFIX = "night."
COLUMNS = ("overlap", "new_rows", "fresh_of_new_rows", "same_7_nights", "personalisation", "coverage")
QUERY = """SELECT list, metric, value, n FROM metrics_daily
WHERE ds = '{ds}' AND metric LIKE 'night.%' ORDER BY list, metric"""


def change(night: Night, say: Words) -> Section:
    before = day_before(night.ds)
    rows = night.metrics(pc.starts_with(pc.field("metric"), PREFIX), [before, night.ds])
    tonight = _by_name(night, (row for row in rows if row["ds"] == night.ds))
    if not tonight:
        return Section("change", say("change"), say("change_none"))
    was = _by_name(night, (row for row in rows if row["ds"] == before))
    shown = [name for name in COLUMNS if any(metric == name for _, metric in tonight)]
    grid = Grid(
        say("change_table"),
        [say("list"), *(say(f"col_{name}", n=night.cut) for name in shown)],
        [
            [text(say.name(of)), *(_cell(tonight.get((of, name)), was.get((of, name)), say) for name in shown)]
            for of in night.lists({of for of, _ in tonight})
        ],
    )
    compared = "overlap" in shown
    lead = say("change_lead" if compared else "change_first")
    causes = [_causes(one, night, say) for one in night.changes]
    return Section("change", say("change"), lead, [grid, *causes], (QUERY.format(ds=night.ds),))


def _causes(one: Change, night: Night, say: Words) -> Grid:
    """Why a list's score is another than that of the night before, the largest part first."""
    told = {"list": say.name(one.name), "before": f"{one.before:.3f}", "after": f"{one.after:.3f}"}
    parts = sorted(one.parts.items(), key=lambda part: -abs(part[1]))
    rows = [[text(say(f"cause_{cause}")), number(f"{part:+.3f}")] for cause, part in parts if abs(part) >= 0.0005]
    caption = say("change_causes", was=say.of_day(one.against), day=say.of_day(one.ds), **told)
    return Grid(caption, [say("col_cause"), say("col_part")], rows)


def _by_name(night: Night, rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    """Rows by list and metric, the overlap without its cut."""
    names = {f"{PREFIX}overlap@{night.cut}": "overlap"}
    return {(row["list"], names.get(row["metric"], row["metric"].removeprefix(PREFIX))): row for row in rows}


def _cell(row: Row | None, was: Row | None, say: Words) -> Cell:
    if row is None:
        return number("–")
    return number(percent(row["value"]), note=say("was", value=percent(was["value"])) if was else "")
