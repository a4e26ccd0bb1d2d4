"""What a model's lists would have earned on exposures, in the place of the lists that were shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before
from lsif.engine import engine
from lsif.errors import LsifError
from lsif.evaluation.off_policy import Estimate, Shown, doubly_robust, self_normalised
from lsif.evaluation.rates import feedback_days, judge
from lsif.evaluation.steps import asked_of
from lsif.features.ragged import Array, positions
from lsif.list_rules import ListRules, drawn_ranks
from lsif.tables import Tables

Metric = Literal["click_through", "conversion"]
PLACE = ("recommended_ds", "list", "user_id", "rank")
EXPOSURES = """
    SELECT recommended_ds, list, user_id, rank, item_id, coalesce(propensity, 1) AS logged, happened AS reward
    FROM facts WHERE metric = $metric ORDER BY ALL"""


@dataclass(frozen=True)
class Worth:
    """What one list earned a row, and what the other would have.

    Attributes:
        rows: that were shown.
        shown: their mean reward.
        other: of the other list; None where too little of it was shown, and `because` says so.
        robust: the same from what a row at its rank earned of other users, and by how much the rows differ from that.
    """

    name: str
    rows: int
    shown: float
    other: Estimate | None
    robust: Estimate | None = None
    because: str | None = None


def exposures(tables: Tables, days: Sequence[str], metric: Metric, settings: Settings) -> pa.Table:
    """What arrived as shown on some days: where it stood, how likely it was to, and whether the metric's answer came.

    Raises:
        LsifError: feedback of a day is missing, nothing was shown, or the window for answers has not passed.
    """
    if not days:
        raise LsifError("no day to ask about: --from is after --to")
    how, there, found = asked_of(settings), set(tables.days("feedback")), []
    for day in days:
        _, reached = feedback_days(day_before(day, -how.window_days), how.window_days)
        if missing := [one for one in reached if one >= day and one not in there]:
            raise LsifError(f"what was shown on {day} may be answered until {reached[-1]}: no feedback of {missing[0]}")
        with engine() as sql:
            judge(sql, tables.scan("feedback", reached), how, day)
            found.append(sql.sql(EXPOSURES, params={"metric": metric}).to_arrow_table())
    rows = pa.concat_tables(found)
    if not len(rows):
        raise LsifError(f"nothing was shown on {days[0]} to {days[-1]}: no source delivers impressions")
    return rows


def worth(rows: pa.Table, lists_of: Callable[[str, list[str]], pa.Table]) -> list[Worth]:
    """Of every list.

    Args:
        rows: of `exposures`.
        lists_of: the other lists as of a day, for some users: list, user_id, rank, item_id. Nothing of them is drawn:
            where these lists draw, the other ones have what comes next by score (`in_places`).
    """
    met = []
    for day in pc.unique(rows["recommended_ds"]).to_pylist():
        of_day = rows.filter(pc.equal(rows["recommended_ds"], day))
        other = lists_of(day, pc.unique(of_day["user_id"]).to_pylist()).select([*PLACE[1:], "item_id"])
        other = other.rename_columns([*PLACE[1:], "instead"])
        met.append(of_day.join(other, list(PLACE[1:])))
    whole = pa.concat_tables(met).sort_by([(name, "ascending") for name in (*PLACE, "item_id", "reward")])
    return [_of_list(whole, name) for name in sorted(pc.unique(whole["list"]).to_pylist())]


def in_places(lists: pa.Table, ds: str, settings: Settings) -> pa.Table:
    """Lists of which nothing is drawn with their rows at the ranks that they would have beside the draws of `settings`,
    and the last of them at the ranks of the draws."""
    rows = lists.sort_by([(name, "ascending") for name in ("list", "user_id", "rank")])
    rank = rows["rank"].to_numpy().copy()
    for name in settings.lists:
        free = np.asarray(pc.equal(rows["list"], name)) & ~np.asarray(pc.equal(rows["reason_code"], "pinned"))
        owner = pc.index_in(rows["user_id"], pc.unique(rows["user_id"])).to_numpy()
        rank[free] = _ranks(settings.rules_of(name), settings.lists[name].k, ds)[positions(owner[free])]
    return rows.set_column(rows.column_names.index("rank"), "rank", pa.array(rank, pa.int32()))


def _ranks(rules: ListRules, k: int, ds: str) -> Array:
    """Ranks of rows that are not pinned, in the order of their scores, from one [K]."""
    pinned = {pin.rank - 1 for pin in rules.pins if pin.holds(ds)}
    drawn = sorted(rank for ranks in drawn_ranks(rules, k, pinned) for rank in ranks)
    by_score = [rank for rank in range(k) if rank not in pinned and rank not in drawn]
    return np.array([*by_score, *drawn, *sorted(pinned)]) + 1


def _of_list(rows: pa.Table, name: str) -> Worth:
    rows = rows.filter(pc.equal(rows["list"], name)).combine_chunks()
    same = pc.fill_null(pc.equal(rows["item_id"], rows["instead"]), False)
    shown = Shown(
        user=pc.index_in(rows["user_id"], pc.unique(rows["user_id"])).to_numpy(),
        rank=rows["rank"].to_numpy(),
        logged=rows["logged"].to_numpy(),
        target=np.asarray(same).astype(np.float64),
        reward=rows["reward"].to_numpy(),
    )
    earned = float(shown.reward.mean())
    try:
        by_rank = _of_other_users(shown)
        return Worth(name, len(rows), earned, self_normalised(shown), doubly_robust(shown, by_rank, by_rank))
    except LsifError as error:
        return Worth(name, len(rows), earned, None, because=str(error))


def _of_other_users(shown: Shown) -> Array:
    """Mean reward at each row's rank among the half of the users that the row's is not in [N]."""
    half, ranks, expected = shown.user % 2, int(shown.rank.max()) + 1, np.zeros(len(shown.rank))
    for own in (0, 1):
        of = half != own
        count = np.bincount(shown.rank[of], minlength=ranks)
        mean = np.bincount(shown.rank[of], shown.reward[of], ranks) / np.maximum(count, 1)
        expected[half == own] = mean[shown.rank[half == own]]
    return expected
