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
from lsif.evaluation.off_policy import Estimate, Shown, self_normalised
from lsif.evaluation.rates import feedback_days, judge
from lsif.evaluation.steps import asked_of
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
    """

    name: str
    rows: int
    shown: float
    other: Estimate | None
    because: str | None = None


def exposures(tables: Tables, days: Sequence[str], metric: Metric, settings: Settings) -> pa.Table:
    """What arrived as shown on some days: where it stood, how likely it was to, and whether the metric's answer came.

    Raises:
        LsifError: feedback of a day is missing, nothing was shown, or the window for answers has not passed.
    """
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
        lists_of: the other lists as of a day, for some users: list, user_id, rank, item_id; nothing of them drawn.
    """
    met = []
    for day in pc.unique(rows["recommended_ds"]).to_pylist():
        of_day = rows.filter(pc.equal(rows["recommended_ds"], day))
        other = lists_of(day, pc.unique(of_day["user_id"]).to_pylist()).select([*PLACE[1:], "item_id"])
        other = other.rename_columns([*PLACE[1:], "instead"])
        met.append(of_day.join(other, list(PLACE[1:])))
    whole = pa.concat_tables(met).sort_by([(name, "ascending") for name in (*PLACE, "item_id", "reward")])
    return [_of_list(whole, name) for name in sorted(pc.unique(whole["list"]).to_pylist())]


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
        return Worth(name, len(rows), earned, self_normalised(shown))
    except LsifError as error:
        return Worth(name, len(rows), earned, None, str(error))
