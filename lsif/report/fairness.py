"""Whom the lists serve less, and what they show too little of: rows by group, and checks of them."""

import pyarrow.compute as pc

from lsif.report.blocks import Block, Grid, Section, Span, Spans, Tone
from lsif.report.funnel import _check
from lsif.report.night import Night, Row
from lsif.report.numbers import count, score
from lsif.report.texts.words import Words

ELSEWHERE = ("users=all", "rank=", "reason_code=", "model_version=", "variant=", "outcome=", "category=")
"""Segments that other sections show, or that are no groups of people or items."""
RATES = ("click_through", "conversion", "satisfaction")
GROUPS, MOST = 8, 12
"""Segments of one dimension, and charts, that are shown."""
QUERY = """SELECT list, metric, segment, value, low, high, n FROM metrics_daily
WHERE ds = '{ds}' AND segment NOT LIKE 'users=all' AND segment NOT LIKE 'rank=%' AND segment NOT LIKE 'outcome=%'
ORDER BY metric, list, segment"""


def fairness(night: Night, say: Words) -> Section:
    rows = [row for row in night.metrics(pc.field("metric") != "") if _is_of_groups(row)]
    checks = [row for row in night.checks if "fair" in row["step"] or "fair" in row["check"]]
    if not rows and not checks:
        return Section("fairness", say("fairness"), say("fairness_none"))
    blocks: list[Block] = []
    if checks:
        columns = [say(name) for name in ("check", "verdict", "found", "bound")]
        blocks.append(Grid(say("fairness_checks"), columns, [_check(row, say) for row in checks]))
    blocks += _charts(night, rows, say)
    return Section("fairness", say("fairness"), say("fairness_lead"), blocks, (QUERY.format(ds=night.ds),))


def _is_of_groups(row: Row) -> bool:
    return not row["segment"].startswith(ELSEWHERE) and "=" in row["segment"]


def _charts(night: Night, rows: list[Row], say: Words) -> list[Block]:
    kinds: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        dimension = row["segment"].partition("=")[0]
        kinds.setdefault((row["list"], row["metric"], dimension), []).append(row)
    order = {name: place for place, name in enumerate(night.lists({name for name, _, _ in kinds}))}
    chosen = sorted(kinds, key=lambda kind: (kind[1], order[kind[0]], kind[2]))[:MOST]
    return [_chart(kind, kinds[kind], say) for kind in chosen]


def _chart(kind: tuple[str, str, str], rows: list[Row], say: Words) -> Spans:
    name, metric, dimension = kind
    worst = min(rows, key=lambda row: (row["value"], row["segment"]))
    shown = sorted(rows, key=lambda row: (-(row["n"] or 0), row["segment"]))[:GROUPS]
    spans = [
        Span(
            row["segment"].partition("=")[2] or say("unknown"),
            row["value"],
            row["low"],
            row["high"],
            f"{score(row['value'])} · {count(row['n'])}",
            _tone(row, worst),
        )
        for row in sorted(shown, key=lambda row: str(row["segment"]))
    ]
    caption = say("fairness_by", metric=say.name(metric), list=say.name(name), dimension=say.name(dimension))
    return Spans(caption, spans, None)


def _tone(row: Row, worst: Row) -> Tone:
    return "warn" if row is worst else "plain"
