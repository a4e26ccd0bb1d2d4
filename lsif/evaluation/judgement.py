"""Lists of one date against what happened in the days after it, beside what counting reaches for the same users."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from lsif.config import Settings
from lsif.evaluation.baselines import baselines
from lsif.evaluation.compare import Comparison, compare, judged_users, truth_from
from lsif.features.evening import Evening

CUTS = (10, 20)


def judgement(
    lists: Mapping[str, pa.Table], at: Evening, events: pa.Table, settings: Settings, cuts: Sequence[int] = CUTS
) -> Comparison:
    """`compare` of `lists` and the baselines.

    Args:
        lists: name → (user_id, rank, item_id) made from `at`; the first is the one under test.
        events: rows of `events` that arrived in the days after `at.ds`.

    Returns:
        No row when no user of the lists was active in those days.
    """
    truth = truth_from(events, after=at.ds)
    users = judged_users(next(iter(lists.values()))["user_id"].combine_chunks(), truth)
    if not users:
        return []
    return compare({**lists, **baselines(at, users, settings, max(cuts))}, truth, users, cuts, settings.training.seed)
