"""How good the lists are: beside counting, with intervals, and over the last nights."""

from collections.abc import Callable, Mapping, Sequence

from lsif.days import day_before
from lsif.evaluation.feedback import ALL
from lsif.report.blocks import Block, Grid, Section, Span, Spans, Tone, Trend, Trends, number, text
from lsif.report.judged import Judged, metric, scored
from lsif.report.night import Night, Row
from lsif.report.numbers import count, percent, relative, score, signed
from lsif.report.texts.words import Words

QUERY = """SELECT list, metric, value, low, high, n FROM metrics_daily
WHERE ds = '{ds}' AND segment = '{all}' AND metric LIKE '%.{metric}' ORDER BY list, value DESC"""
PAST = """SELECT ds, list, value, low, high, n FROM metrics_daily
WHERE metric = 'lsif.{metric}' AND segment = '{all}' ORDER BY list, ds"""


def quality(night: Night, say: Words) -> Section:
    found = scored(night, night.days)
    if not found:
        return Section("quality", say("quality"), say("quality_none", days=night.horizon))
    ds = max(found)
    lists, days = found[ds], [day_before(day, night.horizon) for day in (night.days[0], ds)]
    lead = say("quality_lead", day=say.of_day(days[1]), days=night.horizon)
    blocks: list[Block] = [_table(lists, say), _leads(lists, say)]
    past = {day_before(day, night.horizon): one for day, one in found.items()}
    blocks.append(Trends(say("quality_past"), say("ours"), say("counting"), _trends(past, lists, say)))
    told = {"ds": ds, "all": ALL, "metric": metric(night)}
    return Section("quality", say("quality"), lead, blocks, (QUERY.format(**told), PAST.format(**told)))


def _table(lists: Sequence[Judged], say: Words) -> Grid:
    columns = [say(name) for name in ("list", "col_score", "col_counting", "col_more", "col_hits", "col_judged")]
    rows = [
        [
            text(say.name(one.name)),
            number(f"{score(one.ours['value'])} ({_ends(one.ours, score)})"),
            number(f"{score(one.theirs['value'])} · {say.name(one.rival)}"),
            number(relative(one.ours["value"], one.theirs["value"]), _tone(one)),
            number(percent(one.hits["value"]) if one.hits else ""),
            number(count(one.ours["n"])),
        ]
        for one in lists
    ]
    return Grid(say("quality_table"), columns, rows)


def _leads(lists: Sequence[Judged], say: Words) -> Spans:
    spans = [
        Span(
            say("over", list=say.name(one.name), rival=say.name(one.rival)),
            one.lead["value"],
            one.lead["low"],
            one.lead["high"],
            f"{signed(one.lead['value'])} ({_ends(one.lead, signed)})",
            _tone(one),
        )
        for one in lists
    ]
    return Spans(say("quality_leads"), spans, 0.0, say("no_lead"))


def _trends(past: Mapping[str, Sequence[Judged]], lists: Sequence[Judged], say: Words) -> list[Trend]:
    return [_trend(one.name, past, say) for one in lists]


def _trend(name: str, past: Mapping[str, Sequence[Judged]], say: Words) -> Trend:
    days = sorted(past)
    found = [next((one for one in past[day] if one.name == name), None) for day in days]
    ours = [one.ours["value"] if one else None for one in found]
    known = [value for value in ours if value is not None]
    told = say(
        "trend_told", list=say.name(name), first=days[0], last=days[-1], low=score(min(known)), high=score(max(known))
    )
    return Trend(
        say.name(name),
        days,
        ours,
        [one.ours["low"] if one else None for one in found],
        [one.ours["high"] if one else None for one in found],
        [one.theirs["value"] if one else None for one in found],
        told,
    )


def _tone(one: Judged) -> Tone:
    return "good" if one.wins else "bad" if one.loses else "plain"


def _ends(row: Row, how: Callable[[float | None], str]) -> str:
    return f"{how(row['low'])} – {how(row['high'])}"
