"""What a user's last days are worth: what lists lose without them, less the loss without as many events at random.

The same model, the same popularity, the same neighbours of items; only what is known of the user goes. Beside LSIF
stand tuned decayed counts and item neighbours, so that the model's surplus shows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from rich.box import SIMPLE
from rich.table import Table

from benchmarks.quality.bench import chosen_settings, cut_folder
from benchmarks.quality.logs import Log
from benchmarks.quality.prepare import prepared
from benchmarks.quality.report import SEED
from benchmarks.quality.rivals import OURS, RIVALS, Choice, Rival
from benchmarks.quality.running import fingerprint, run
from benchmarks.quality.stand_ins import DAYS, laid
from benchmarks.quality.summary import Panel
from benchmarks.quality.window import PAIR, Window, truth_after, window
from lsif.days import day_before
from lsif.evaluation.metrics import Floats, judged, per_user
from lsif.tables import Tables

BESIDE = ("frequency", "itemknn")
HORIZONS, ACTIVE, TRACKS = (1, 3, 7), (3, 7), ("all", "new")
DEPTH, METRIC = 10, "ndcg"
Row = dict[str, Any]


@dataclass(frozen=True)
class Cut:
    """One validation cut.

    Attributes:
        people: user_id, of, how, days: the stand-ins.
        since: user_id, age: days since the user's last event.
        before: distinct pairs that there were by the cut.
        lists: list and track → (user_id, rank, item_id), one for each seed.
    """

    at: Window
    people: pl.DataFrame
    since: pl.DataFrame
    before: pl.DataFrame
    lists: dict[tuple[str, str], list[pl.DataFrame]]


def freshness(log: Log, ours: Sequence[Rival]) -> list[Row]:
    """A row for each list, track, horizon, span of activity and number of days, over the validation cuts.

    A horizon that would reach into the test days of the log is left out.
    """
    tables, settings = prepared(log, ("validation",))
    windows = [window(tables, settings, cut, cut_folder(log, cut)) for cut in log.validation]
    for one in windows:
        fingerprint(one.given)
    rivals = [*ours, *(RIVALS[name] for name in BESIDE)]
    cuts = _cuts(windows, rivals)
    return [row for horizon in HORIZONS for row in _of_horizon(log, tables, cuts, [r.name for r in rivals], horizon)]


def _cuts(windows: list[Window], rivals: Sequence[Rival]) -> list[Cut]:
    chosen = {rival.name: _settings(rival, windows) for rival in rivals}
    found = []
    for one in windows:
        folder = laid(one.given, max(ACTIVE))
        events = pl.read_parquet(one.given / "events.parquet")
        end = pl.lit(day_before(one.cut, -1)).str.to_datetime(time_zone="UTC")
        since = events.group_by("user_id").agg(age=(end - pl.col("event_time").max()).dt.total_seconds() / 86400)
        lists = {}
        for rival in rivals:
            print(f"{rival.name} at {one.cut}, days missing", flush=True)
            for track in TRACKS:
                made = run(rival, chosen[rival.name][track], folder).lists
                lists[rival.name, track] = made.filter(track=track).partition_by("setting")
        people = pl.read_parquet(folder / "stand_ins.parquet")
        found.append(Cut(one, people, since, events.select(PAIR).unique(), lists))
    return found


def _settings(rival: Rival, windows: list[Window]) -> dict[str, tuple[Choice, ...]]:
    """Track → the setting that validation chooses; every seed of ours."""
    if rival.name == OURS:
        return dict.fromkeys(TRACKS, rival.grid)
    best = chosen_settings(rival, windows)
    return {track: (rival.grid[best[track]],) for track in TRACKS}


def _of_horizon(log: Log, tables: Tables, cuts: list[Cut], names: Sequence[str], horizon: int) -> Iterator[Row]:
    inside = [cut for cut in cuts if day_before(cut.at.cut, -horizon) <= min(log.test)]
    for track in TRACKS if inside else ():
        values = {name: [_values(tables, cut, name, track, horizon) for cut in inside] for name in names}
        for active in ACTIVE:
            here = {name: [of.filter(pl.col("age") < active) for of in found] for name, found in values.items()}
            where = {"track": track, "horizon": horizon, "active": active}
            yield from (where | row for row in _compared(here))


def _values(tables: Tables, cut: Cut, name: str, track: str, horizon: int) -> pl.DataFrame:
    """NDCG of every stand-in with something to find, the mean of all seeds: of, how, days, age, value."""
    truth = truth_after(tables, cut.at.cut, horizon, cut.before, cut.at.types)
    if track == "new":
        truth = truth.join(cut.before, on=PAIR, how="anti")
    theirs = cut.people.join(truth, left_on="of", right_on="user_id")
    users = theirs["user_id"].unique().sort().to_list()
    asked = pl.DataFrame({"user_id": users}, schema={"user_id": pl.String})
    marks = [
        per_user(judged(own.join(asked, on="user_id", how="semi").to_arrow(), theirs.to_arrow(), users, DEPTH), DEPTH)
        for own in cut.lists[name, track]
    ]
    value = np.mean([mark[METRIC] for mark in marks], axis=0)
    found = asked.with_columns(value=pl.Series(value, dtype=pl.Float64)).join(cut.people, on="user_id")
    return found.join(cut.since, left_on="of", right_on="user_id").select("of", "how", "days", "age", "value")


@dataclass(frozen=True)
class Lost:
    """What one list loses without some days.

    Attributes:
        last, random: values lost without the last days, and without as many events at random [C, U].
    """

    days: int
    last: Panel
    random: Panel

    @property
    def surplus(self) -> Panel:
        return self.last.minus(self.random)


def _compared(by_list: dict[str, list[pl.DataFrame]]) -> Iterator[Row]:
    """Of each list and number of days; then how much more the first list's surplus is than each other's."""
    first, *others = by_list
    users = sorted({user for cut in by_list[first] for user in cut["of"].unique()})
    if not users:
        return
    whole = {name: _panel(cuts, users, "whole", 0, np.nan) for name, cuts in by_list.items()}
    lost = {name: list(_lost(cuts, users, whole[name])) for name, cuts in by_list.items()}
    judged = int((~np.isnan(whole[first].values)).sum())
    for name in by_list:
        value = whole[name].interval(SEED).mean
        for of in lost[name]:
            means = {"lost": of.last.interval(SEED).mean, "lost_at_random": of.random.interval(SEED).mean}
            yield {"list": name, "judged": judged, "whole": value, **means, **_surplus(of.days, of.surplus)}
    for name in others:
        for of, other in zip(lost[first], lost[name], strict=True):
            more = of.surplus.minus(other.surplus)
            yield {"list": f"{first} beyond {name}", "judged": judged, **_surplus(of.days, more)}


def _surplus(days: int, surplus: Panel) -> Row:
    found = surplus.interval(SEED)
    return {"days": days, "surplus": found.mean, "low": found.low, "high": found.high}


def _lost(cuts: list[pl.DataFrame], users: list[str], whole: Panel) -> Iterator[Lost]:
    """Of each number of days; who did nothing in them loses nothing."""
    for days in DAYS:
        last, random = (_panel(cuts, users, how, days, whole.values) for how in ("last", "random"))
        yield Lost(days, whole.minus(last), whole.minus(random))


def _panel(cuts: list[pl.DataFrame], users: list[str], how: str, days: int, otherwise: float | Floats) -> Panel:
    """Values of one sort of stand-in [C, U]; `otherwise` where a user has none."""
    values = np.broadcast_to(otherwise, (len(cuts), len(users))).copy()
    for number, cut in enumerate(cuts):
        own = cut.filter(how=how, days=days)
        values[number, np.searchsorted(users, own["of"].to_list())] = own["value"].to_numpy()
    return Panel(values)


def table(log: Log, found: list[Row], track: str) -> Table:
    """Per list: NDCG@10, and for each number of days the surplus of the last ones over random ones."""
    title = f"{log.name}, {track}: NDCG@10 lost without the last days, less without as many events at random (95 %)"
    shown = Table("days ahead", "active in", "list", "user-cuts", "NDCG@10", *map(str, DAYS), title=title, box=SIMPLE)
    rows = [row for row in found if row["track"] == track]
    for first in rows[:: len(DAYS)]:
        own = [row for row in rows if all(row[key] == first[key] for key in ("horizon", "active", "list"))]
        where = (str(first["horizon"]), str(first["active"]), first["list"], str(first["judged"]))
        shown.add_row(*where, f"{first['whole']:.4f}" if "whole" in first else "", *map(_cell, own))
    return shown


def _cell(row: Row) -> str:
    surplus = "{surplus:+.4f} ({low:+.4f} {high:+.4f})".format(**row)
    return "{lost:+.4f} less {lost_at_random:+.4f}\n".format(**row) + surplus if "lost" in row else surplus
