"""What came of what was shown: click-through, conversion and satisfaction; and the running experiment."""

from collections.abc import Sequence

import pyarrow.compute as pc

from lsif.days import day_before
from lsif.evaluation.experiment_night import CHECKS
from lsif.evaluation.feedback import ALL, ANY_LIST
from lsif.report.blocks import Block, Grid, Section, Span, Spans, number, text
from lsif.report.funnel import check_row
from lsif.report.night import Night, Row
from lsif.report.numbers import count, percent, score, signed
from lsif.report.texts.words import Words

RATES = ("click_through", "conversion", "satisfaction")
BY_RANK, VARIANT = "rank=", "variant="
RANKS = 10
GAIN = ".gain"
"""Ends the metrics that are a gain over the control."""
USERS = "experiment.users"
"""How many have each variant: a count, with no interval."""
QUERY = """SELECT list, metric, segment, value, low, high, n, hits FROM metrics_daily
WHERE ds = '{ds}' AND metric IN ('click_through', 'conversion', 'satisfaction') ORDER BY ALL"""
WEEK = """SELECT list, metric, sum(hits) / sum(n) AS value, sum(n) AS n FROM metrics_daily
WHERE metric IN ('click_through', 'conversion') AND segment = 'users=all' GROUP BY ALL ORDER BY ALL"""
VARIANTS = """SELECT list, metric, segment, value, low, high, n FROM metrics_daily
WHERE ds = '{ds}' AND segment LIKE 'variant=%' ORDER BY ALL"""


def answers(night: Night, say: Words) -> Section:
    rows = night.metrics(pc.field("metric").isin(list(RATES)))
    days = night.settings.feedback.window_days
    matched = night.metrics(pc.field("metric").isin(["matched", "unmatched"]))
    blocks: list[Block] = []
    if totals := [row for row in rows if row["segment"] == ALL]:
        blocks.append(_rates(night, totals, say))
    if ranks := _ranks(rows, say):
        blocks.append(ranks)
    if matched:
        blocks.append(_matched(night, matched, say))
    lead = say("answers_lead", day=say.of_day(day_before(night.ds, days)), days=days)
    lead = lead if totals else say("answers_none", days=days)
    queries = (QUERY.format(ds=night.ds), WEEK)
    return Section("answers", say("answers"), lead, blocks, queries if blocks else ())


def experiment(night: Night, say: Words) -> Section:
    rows = night.metrics(pc.starts_with(pc.field("segment"), VARIANT))
    checks = [row for row in night.checks if row["check"].partition(" ")[0] in CHECKS]
    if not rows and not checks:
        return Section("experiment", say("experiment"), say("experiment_none"))
    columns = [say(name) for name in ("check", "verdict", "found", "bound")]
    blocks: list[Block] = []
    if checks:
        blocks.append(Grid(say("experiment_checks"), columns, [check_row(row, say) for row in checks]))
    if users := [row for row in rows if row["metric"] == USERS]:
        blocks.append(_users(users, say))
    metrics = sorted({row["metric"] for row in rows} - {USERS}, key=lambda name: (not name.endswith(GAIN), name))
    blocks += [_variants(night, metric, rows, say) for metric in metrics]
    query = VARIANTS.format(ds=night.ds)
    return Section("experiment", say("experiment"), say("experiment_lead"), blocks, (query,))


def _rates(night: Night, rows: Sequence[Row], say: Words) -> Grid:
    found = {(row["list"], row["metric"]): row for row in rows}
    there = [metric for metric in RATES if any(metric == one for _, one in found)]
    lists = {name for name, _ in found}
    names = [*night.lists(lists - {ANY_LIST}), *(lists & {ANY_LIST})]
    grid = [
        [text(say("all_lists") if name == ANY_LIST else say.name(name))]
        + [number(_rate(found.get((name, metric)), night)) for metric in there]
        + [number(count(max((found[name, metric]["n"] for metric in there if (name, metric) in found), default=0)))]
        for name in names
    ]
    return Grid(say("answers_rates"), [say("list"), *map(say, there), say("col_shown")], grid)


def _rate(row: Row | None, night: Night) -> str:
    if row is None:
        return "–"
    how = percent if row["hits"] is not None else score
    ends = "" if row["low"] is None else f" ({how(row['low'])} – {how(row['high'])})"
    return how(row["value"]) + ends


def _ranks(rows: Sequence[Row], say: Words) -> Spans | None:
    """Click-through by rank, of all lists together."""
    clicks = [row for row in rows if row["metric"] == RATES[0] and row["list"] == ANY_LIST]
    by_rank = {int(row["segment"].removeprefix(BY_RANK)): row for row in clicks if row["segment"].startswith(BY_RANK)}
    spans = [
        Span(
            say("rank_n", n=rank), row["value"], row["low"], row["high"], f"{percent(row['value'])} · {count(row['n'])}"
        )
        for rank, row in sorted(by_rank.items())[:RANKS]
    ]
    return Spans(say("answers_ranks"), spans, 0.0) if spans else None


def _matched(night: Night, rows: Sequence[Row], say: Words) -> Grid:
    """Of the events of each type that arrived tonight, how many met a list."""
    told = [row for row in rows if row["list"] == ANY_LIST]
    kinds = sorted({row["segment"].partition("=")[2] for row in told})
    met = {(row["metric"], row["segment"].partition("=")[2]): row["n"] for row in told}
    grid = [
        [
            text(kind),
            number(count(met.get(("matched", kind), 0))),
            number(count(met.get(("unmatched", kind), 0))),
        ]
        for kind in kinds
    ]
    return Grid(say("answers_matched"), [say("col_event"), say("col_met"), say("col_unmet")], grid)


def _users(rows: Sequence[Row], say: Words) -> Grid:
    own = sorted(rows, key=lambda row: str(row["segment"]))
    grid = [[text(row["segment"].removeprefix(VARIANT)), number(count(row["value"]))] for row in own]
    return Grid(say.name(USERS), [say("variant"), say("users")], grid)


def _variants(night: Night, metric: str, rows: Sequence[Row], say: Words) -> Spans:
    own = [row for row in rows if row["metric"] == metric]
    order = {name: place for place, name in enumerate([*night.lists({row["list"] for row in own})])}
    own.sort(key=lambda row: (order[row["list"]], row["segment"]))
    spans = [
        Span(
            f"{_list(row, say)} · {row['segment'].removeprefix(VARIANT)}",
            row["value"],
            row["low"],
            row["high"],
            f"{_value(row)} · {count(row['n'])}",
        )
        for row in own
    ]
    return (
        Spans(say.name(metric), spans, 0.0, say("no_gain"))
        if metric.endswith(GAIN)
        else Spans(say.name(metric), spans, None)
    )


def _list(row: Row, say: Words) -> str:
    return say("all_lists") if row["list"] == ANY_LIST else say.name(row["list"])


def _value(row: Row) -> str:
    if row["metric"].endswith(GAIN):
        return signed(row["value"])
    is_share = row["hits"] is not None or row["metric"].endswith(RATES[:2])
    return percent(row["value"]) if is_share else score(row["value"])
