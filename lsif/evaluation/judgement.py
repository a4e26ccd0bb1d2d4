"""Lists of one date against what happened in the days after it, beside what counting reaches for the same users."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.evaluation.baselines import baselines
from lsif.evaluation.compare import Comparison, compare, judged_users, truth_from
from lsif.features.evening import Evening

CUTS = (10, 20)
PAIR = ["user_id", "item_id"]


def judgement(
    lists: Mapping[str, pa.Table], at: Evening, events: pa.Table, settings: Settings, cuts: Sequence[int] = CUTS
) -> Comparison:
    """`compare` of the contenders' lists and the baselines, one list after the other.

    A list of own items is judged by those of them that were taken again, one of new items by what was taken for the
    first time, each for the users who took any.

    Args:
        lists: contender → rows of `recommendations` made from `at`; the first is the one under test.
        events: rows of `events` that arrived in the days after `at.ds`.

    Returns:
        No row when no user of the lists was active in those days.
    """
    eligible = pc.unique(next(iter(lists.values()))["user_id"].combine_chunks())
    truth = truth_from(events, after=at.ds)
    users = judged_users(eligible, truth)
    if not users:
        return []
    own = pa.concat_tables(block.own_items() for block in at.people.blocks(pa.array(users, pa.string())))
    found: Comparison = []
    for name, of in settings.lists.items():
        taken = {"all": truth, "own": _with(truth, own, True), "new": _with(truth, own, False)}[of.items]
        judged = judged_users(eligible, taken)
        contenders = {contender: rows.filter(pc.field("list") == name) for contender, rows in lists.items()}
        counted = baselines(at, judged, settings, max(cuts), of.items)
        found += compare(name, {**contenders, **counted}, taken, judged, cuts, settings.training.seed) if judged else []
    return found


def cuts_of(settings: Settings) -> list[int]:
    """The lengths of `CUTS` that every list has, or the shortest list's where that is shorter than all."""
    shortest = min(one.k for one in settings.lists.values())
    return [k for k in CUTS if k <= shortest] or [shortest]


def _with(truth: pa.Table, own: pa.Table, there: bool) -> pa.Table:
    """The pairs that are, or are not, among the own ones."""
    kept = truth.join(own, PAIR, join_type="left semi" if there else "left anti")
    return kept.sort_by([(column, "ascending") for column in PAIR])
