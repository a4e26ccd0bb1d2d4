"""Lists of one date against what happened in the days after it, beside what counting reaches for the same users."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.evaluation.baselines import baselines
from lsif.evaluation.compare import Comparison, compared, judged_users, successes, truth_from
from lsif.evaluation.metrics import Judged, Marks
from lsif.features.evening import Evening
from lsif.features.ragged import joined_by
from lsif.ranked_list import Items, RankedList

CUTS = (10, 20)
# Users whose baselines are made at once: each block opens the files that hold its users once more.
BLOCK = 8192
PAIR = ["user_id", "item_id"]


def judgement(
    lists: Mapping[str, Iterable[pa.Table]],
    at: Evening,
    events: pa.Table,
    settings: Settings,
    cuts: Sequence[int] = CUTS,
) -> Comparison:
    """`compare` of the contenders' lists and the baselines, one list after the other.

    Args:
        lists: contender → parts of the rows of `recommendations` made from `at`; the first is the one under test.
        events: rows of `events` that arrived in the days after `at.ds`.

    Returns:
        No row when no user of the lists was active in those days.
    """
    judged = judged_by_list(lists, at, events, settings, max(cuts))
    return [row for name, marks in judged for row in compared(name, marks, cuts, settings.training.seed)]


def judged_by_list(
    lists: Mapping[str, Iterable[pa.Table]], at: Evening, events: pa.Table, settings: Settings, k: int
) -> Iterator[tuple[str, dict[str, Judged]]]:
    """Marks of the first `k` ranks of each contender and each baseline, one list after the other.

    A list of own items is judged by those of them that were taken again, one of new items by what was taken for the
    first time, each for the users who took any. Contenders are marked one after the other, and none is held.

    Args:
        lists, events: as of `judgement`.
    """
    truth = truth_from(successes(events, settings.training.targets), after=at.ds)
    users = pa.array(judged_users(at.people.ids, truth), pa.string())
    if not len(users):
        return
    own = pa.concat_tables(block.own_items() for block in at.people.blocks(users))
    tracks = [_Track(name, of, truth, own, k) for name, of in settings.lists.items()]
    listed = {contender: _marked(tracks, contender, parts) for contender, parts in lists.items()}
    eligible = listed[next(iter(lists))]
    for track in tracks:
        if marks := track.judged(eligible, at, settings):
            yield track.name, marks


def _marked(tracks: Sequence["_Track"], contender: str, parts: Iterable[pa.Table]) -> pa.Array:
    """Mark a contender's lists; returns whoever has one."""
    seen = pa.array([], pa.string())
    for part in parts:
        seen = joined_by(seen, part["user_id"])
        for track in tracks:
            track.add(contender, part.filter(pc.field("list") == track.name))
    return seen


class _Track:
    """One of the lists that every user gets, what it is judged by, and the marks of each contender."""

    def __init__(self, name: str, of: RankedList, truth: pa.Table, own: pa.Table, k: int) -> None:
        self.name, self._of, self._k = name, of, k
        self._taken = taken_of(of.items, truth, own)
        self._users = pc.unique(self._taken["user_id"]).to_pylist()
        self._marks: dict[str, Marks] = {}

    def add(self, contender: str, rows: pa.Table) -> None:
        if contender not in self._marks:
            self._marks[contender] = Marks(self._taken, self._users, self._k)
        self._marks[contender].add(rows)

    def judged(self, eligible: pa.Array, at: Evening, settings: Settings) -> dict[str, Judged]:
        """Of the contenders and of what counting makes for the same users; nothing where nobody can be judged."""
        users = judged_users(eligible, self._taken)
        for start in range(0, len(users), BLOCK):
            for contender, rows in baselines(
                at, users[start : start + BLOCK], settings, self._k, self._of.items
            ).items():
                self.add(contender, rows)
        return {contender: marks.of(users) for contender, marks in self._marks.items()} if users else {}


def cuts_of(settings: Settings) -> list[int]:
    """The lengths of `CUTS` that every list has, or the shortest list's where that is shorter than all.

    What a variant's list is too short for it misses: the others are judged as on any night.
    """
    shortest = min(one.k for one in settings.lists.values())
    return [k for k in CUTS if k <= shortest] or [shortest]


def taken_of(items: Items, truth: pa.Table, own: pa.Table) -> pa.Table:
    """What a list of all, own or new items is to foresee, of everything that was taken."""
    return truth if items == "all" else _with(truth, own, items == "own")


def _with(truth: pa.Table, own: pa.Table, there: bool) -> pa.Table:
    """The pairs that are, or are not, among the own ones."""
    kept = truth.join(own, PAIR, join_type="left semi" if there else "left anti")
    return kept.sort_by([(column, "ascending") for column in PAIR])
