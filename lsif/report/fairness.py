"""Whom the lists serve less, and what they show too little of: numbers by group of users and items, and checks."""

from collections.abc import Sequence

import pyarrow.compute as pc

from lsif.bounds import FairnessBounds, bounds_of
from lsif.evaluation.feedback import ALL
from lsif.report.blocks import Block, Cell, Grid, Section, Span, Spans, number, text
from lsif.report.funnel import check_row
from lsif.report.judged import OURS, metric
from lsif.report.night import Night, Row
from lsif.report.numbers import count, score
from lsif.report.texts.words import Words

CHECKS = bounds_of(FairnessBounds)
USERS, ITEMS, FAIR = "user.", "item.", "fair."
SHOWN = "fair.exposure_to_taken"
CHARTS = 4
"""Dimensions of users that have a chart; numbers of all are below."""
QUERY = """SELECT list, metric, segment, value, low, high, n FROM metrics_daily
WHERE ds = '{ds}' AND (metric LIKE 'fair.%' OR segment LIKE 'user.%' OR segment LIKE 'item.%')
ORDER BY metric, segment, list"""


def fairness(night: Night, say: Words) -> Section:
    of_groups = pc.starts_with(pc.field("segment"), USERS) | pc.starts_with(pc.field("segment"), ITEMS)
    rows = night.metrics(of_groups | pc.starts_with(pc.field("metric"), FAIR))
    checks = [row for row in night.checks if row["check"] in CHECKS]
    if not rows and not checks:
        return Section("fairness", say("fairness"), say("fairness_none"))
    blocks: list[Block] = []
    if checks:
        columns = [say(name) for name in ("check", "verdict", "found", "bound")]
        blocks.append(Grid(say("fairness_checks"), columns, [check_row(row, say) for row in checks]))
    blocks += _charts(night, rows, say)
    blocks += _grids(night, rows, say)
    return Section("fairness", say("fairness"), say("fairness_lead"), blocks, (QUERY.format(ds=night.ds),))


def _charts(night: Night, rows: Sequence[Row], say: Words) -> list[Block]:
    """The first list's score by group of users, a chart for each dimension; fewer users than bounds hold have none."""
    name, of = next(iter(night.settings.lists)), f"{OURS}.{metric(night)}"
    few = night.settings.fairness.min_group
    judged = [row for row in rows if row["list"] == name and row["metric"] == of and row["n"] >= few]
    own = [row for row in judged if row["segment"].startswith(USERS)]
    whole = night.metrics((pc.field("metric") == of) & (pc.field("segment") == ALL) & (pc.field("list") == name))
    mark = whole[0]["value"] if whole else None
    dimensions = list(dict.fromkeys(_dimension(row) for row in own))[:CHARTS]
    return [
        _chart(name, dimension, [row for row in own if _dimension(row) == dimension], mark, say)
        for dimension in dimensions
    ]


def _chart(name: str, dimension: str, rows: Sequence[Row], mark: float | None, say: Words) -> Spans:
    worst = min(rows, key=lambda row: (row["value"], row["segment"]))
    spans = [
        Span(
            _group(row, say),
            row["value"],
            row["low"],
            row["high"],
            f"{score(row['value'])} · {say('n_users', n=count(row['n']))}",
            "warn" if row is worst and len(rows) > 1 else "plain",
        )
        for row in rows
    ]
    caption = say("fairness_by", list=say.name(name), dimension=say.name(dimension))
    return Spans(caption, spans, mark, say("fairness_mark") if mark is not None else "")


def _grids(night: Night, rows: Sequence[Row], say: Words) -> list[Block]:
    """A table for each metric, lists side by side; what is shown of whose items first and open."""
    metrics = sorted({row["metric"] for row in rows}, key=lambda name: (name != SHOWN, not name.startswith(FAIR), name))
    return [_grid(night, name, [row for row in rows if row["metric"] == name], say) for name in metrics]


def _grid(night: Night, name: str, rows: Sequence[Row], say: Words) -> Grid:
    lists = night.lists({row["list"] for row in rows})
    values = {(row["segment"], row["list"]): row for row in rows}
    segments = sorted({row["segment"] for row in rows}, key=lambda one: (one != ALL, one))
    grid = [[text(label(segment, say)), *(_cell(values.get((segment, one))) for one in lists)] for segment in segments]
    caption = say.name(name) if name in say.names else say("fairness_metric", metric=say.name(name))
    return Grid(caption, [say("group"), *map(say.name, lists)], grid, folded=name != SHOWN)


def _cell(row: Row | None) -> Cell:
    if row is None:
        return number("–")
    ends = "" if row["low"] is None else f" ({score(row['low'])} – {score(row['high'])})"
    return number(score(row["value"]) + ends)


def _dimension(row: Row) -> str:
    return str(row["segment"]).partition("=")[0].removeprefix(USERS).removeprefix(ITEMS)


def _group(row: Row, say: Words) -> str:
    return say.name(str(row["segment"]).partition("=")[2] or "unknown")


def label(segment: str, say: Words) -> str:
    if segment == ALL:
        return say("everybody")
    dimension, _, value = segment.partition("=")
    return f"{say.name(dimension.removeprefix(USERS).removeprefix(ITEMS))}: {say.name(value or 'unknown')}"
