"""The challenger's one look at the held-out days, beside the champion and what counting reaches."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Ranking, Settings
from lsif.errors import LsifError
from lsif.evaluation.by_group import JUDGED_BY, OfGroup, by_group
from lsif.evaluation.compare import Comparison, compared, truth_from
from lsif.evaluation.fairness import groups_at
from lsif.evaluation.gate import CHAMPION, LSIF, Rival
from lsif.evaluation.judgement import CUTS, judged_by_list
from lsif.features.draw import drawn
from lsif.features.evening import evening
from lsif.features.ragged import joined_by
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.takings import taken
from lsif.ranking.night import parts_at
from lsif.ranking.trained import TrainedModel
from lsif.tables import Tables

MOST_USERS = 20_000
"""Users who are judged; of more, so many are drawn."""


@dataclass(frozen=True)
class Trial:
    """What came of it: `users` were judged, of `active` who were known and did something;
    `groups` has the same by group of users."""

    comparison: Comparison
    groups: list[OfGroup]
    users: int
    active: int


def trial(
    tables: Tables, at: Cutoffs, settings: Settings, challenger: TrainedModel, champion: TrainedModel | None
) -> Trial:
    """Judge the lists that the night of `at.judge` would have made by what happened in the days after it.

    Raises:
        LsifError: nobody who was known did anything in those days.
    """
    known, days = evening(tables, at.judge, settings, None), at.days_after(at.judge)
    types = settings.training.targets
    active = _active(taken(tables, days, types), at.judge, known.people.ids)
    users = drawn(active, f"trial {at.judge}", MOST_USERS)
    rivals = {LSIF: challenger}
    if champion is not None and not champion.misfit(settings):
        rivals[CHAMPION] = champion
    longer = {name: one.model_copy(update={"k": max(*CUTS, one.k)}) for name, one in settings.lists.items()}
    long_enough = settings.model_copy(update={"lists": longer, "ranking": Ranking()})
    lists = {name: parts_at(tables, at.judge, long_enough, model, users) for name, model in rivals.items()}
    theirs = [rows.filter(pc.field("user_id").isin(users)) for rows in taken(tables, days, types)]
    groups = groups_at(tables, at.judge, settings, users)
    found: Comparison = []
    by: list[OfGroup] = []
    for name, marks in judged_by_list(lists, known, pa.concat_tables(theirs), long_enough, max(CUTS)):
        found += compared(name, marks, CUTS, settings.training.seed)
        by += by_group(name, marks[LSIF], marks.get(CHAMPION), CUTS[0], groups, [JUDGED_BY])
    if not found:
        raise LsifError(f"nobody known on {at.judge} did anything from {days[0]} to {days[-1]}: nothing to judge by")
    return Trial(found, by, len(users), len(active))


def _active(took: Iterable[pa.Table], judge: str, known: pa.Array) -> list[str]:
    """Who of the known took something after the judging cutoff, sorted."""
    seen = pa.array([], pa.string())
    for rows in took:
        seen = joined_by(seen, truth_from(rows, judge)["user_id"])
    return seen.filter(pc.is_in(seen, value_set=known)).sort().to_pylist()


def circumstances(
    at: Cutoffs, settings: Settings, champion: TrainedModel | None, start: TrainedModel | None
) -> dict[str, Any]:
    """What a reader of the comparison must know, the gate among them; plain values."""
    against = _rival(champion, settings)
    return {
        "cutoff": at.trained_through,
        "held_out": at.days_after(at.judge),
        "began_with": start.version if start else None,
        "rival": against if isinstance(against, str) else asdict(against),
    }


def _rival(champion: TrainedModel | None, settings: Settings) -> Rival | str:
    """What the gate must know of the champion, or why there is nothing to compare with."""
    if champion is None:
        return "there is no champion yet"
    if misfit := champion.misfit(settings):
        return f"no champion to compare with: {misfit}"
    return Rival(champion.version, champion.trained_through)
