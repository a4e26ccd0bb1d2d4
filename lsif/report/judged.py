"""Lists against what was done in the days after them, beside counting: the newest night that could be judged."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from lsif.days import day_before
from lsif.evaluation.feedback import ALL
from lsif.report.night import Night, Row

OURS = "lsif"
ENOUGH = 30
"""Users from whom on the interval of a mean is to be believed, as textbooks have it: it is too narrow for a few, and of
one user it has no width, so that any change would look like more than chance."""


@dataclass(frozen=True)
class Judged:
    """A list of a past night.

    Attributes:
        ours, theirs: rows of `metrics_daily` with `value`, `low`, `high`, `n`: of the list, and of the best counting.
        rival: its name.
        lead: how far ours is ahead, with an interval.
        hits: the share of users who took one of their first ten, if it is known.
    """

    name: str
    ours: Row
    rival: str
    theirs: Row
    lead: Row
    hits: Row | None

    @property
    def wins(self) -> bool:
        return bool(self.lead["low"] is not None and self.lead["low"] > 0)

    @property
    def loses(self) -> bool:
        return bool(self.lead["high"] is not None and self.lead["high"] < 0)


def scored(night: Night, days: Sequence[str]) -> dict[str, list[Judged]]:
    """The lists that were judged on each of `days`, which are those of a horizon before, the newest day last."""
    wanted = pc.ends_with(pc.field("metric"), f".{metric(night)}") | (pc.field("metric") == f"{OURS}.{hits(night)}")
    rows = night.metrics(wanted & (pc.field("segment") == ALL), days)
    by_day: dict[str, list[Row]] = {}
    for row in rows:
        by_day.setdefault(row["ds"], []).append(row)
    return {ds: found for ds in sorted(by_day) if (found := _lists(night, by_day[ds]))}


def moved(night: Night) -> list[tuple[str, str, str]]:
    """Lists whose score of the newest night that could be judged is beyond chance from that of the night before: name,
    day before, day."""
    days = [day_before(night.ds), night.ds]
    found = scored(night, days)
    if set(found) != set(days):
        return []
    was = {one.name: one.ours for one in found[days[0]]}
    before, day = (day_before(one, night.horizon) for one in days)
    return [
        (one.name, before, day)
        for one in found[days[1]]
        if one.name in was and _is_beyond_chance(one.ours, was[one.name])
    ]


def _is_beyond_chance(*rows: Row) -> bool:
    """Whether two means differ by more than half of the 95 % interval of their difference."""
    if any(row["low"] is None or row["n"] < ENOUGH for row in rows):
        return False
    after, before = rows
    noise = sum(((row["high"] - row["low"]) / 2) ** 2 for row in rows) ** 0.5
    return bool(abs(after["value"] - before["value"]) > noise)


def metric(night: Night) -> str:
    return f"ndcg@{night.cut}"


def hits(night: Night) -> str:
    return f"hit_rate@{night.cut}"


def newest(night: Night) -> tuple[str, list[Judged]] | None:
    """The newest night that could be judged by `ds`, and its lists."""
    found = scored(night, night.days)
    return (day_before(max(found), night.horizon), found[max(found)]) if found else None


def _lists(night: Night, rows: Sequence[Row]) -> list[Judged]:
    by_list: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_list.setdefault(row["list"], {})[row["metric"]] = row
    found = (_judged(night, name, by_list[name]) for name in night.lists(set(by_list)))
    return [one for one in found if one]


def _judged(night: Night, name: str, rows: dict[str, Row]) -> Judged | None:
    end = f".{metric(night)}"
    ours = rows.get(f"{OURS}{end}")
    by_rival = {one.removesuffix(end): row for one, row in rows.items() if one.endswith(end)}
    by_rival = {rival: row for rival, row in by_rival.items() if f"{OURS}-{rival}{end}" in rows}
    if ours is None or not by_rival:
        return None
    best = max(by_rival, key=lambda rival: (by_rival[rival]["value"], rival))
    lead = rows[f"{OURS}-{best}{end}"]
    return Judged(name, ours, best, by_rival[best], lead, rows.get(f"{OURS}.{hits(night)}"))
