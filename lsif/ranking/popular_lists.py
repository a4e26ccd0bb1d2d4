"""The lists of those of whom nothing is known, or who want no profile: what is popular, and nothing of their own."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.evening import Evening
from lsif.features.ragged import Array
from lsif.ranking.by_rules import RuledLists, has_rules
from lsif.ranking.generators import Generator, PopularGenerator
from lsif.ranking.hits import Hits
from lsif.ranking.judged import Asked
from lsif.ranking.popular import popularity
from lsif.ranking.reasons import without_evidence
from lsif.ranking.rows import FALLBACK, POPULAR, Said, Stamp, popular_rows, ranked_rows, reason_codes
from lsif.ranking.user_facts import Facts


class PopularLists:
    """What it is made of once a date.

    Raises:
        LsifError: nothing may be recommended.
    """

    def __init__(
        self, at: Evening, settings: Settings, version: str, text: Array | None = None, told: bool = False
    ) -> None:
        """
        Args:
            text: vectors of the rows of `at.items`, where some are known.
            told: whether rows say why they are there.
        """
        self._item_ids, self._score = popularity(at, settings.interests.recent_days)
        if not len(self._item_ids):
            raise LsifError(f"no item is available on {at.ds}: there is nothing to recommend")
        best = np.argsort(-self._score, kind="stable")
        popular = pa.table({"item_id": self._item_ids.take(pa.array(best)), "score": self._score[best]})
        self._lists = {name: popular.slice(0, one.k) for name, one in settings.lists.items() if one.items != "own"}
        self._names = tuple(settings.lists)
        self._stamp, self._size = Stamp(at.ds, version, settings.fingerprint()), settings.ranking.chunk_users
        self._ruled, self._settings, self._items, self._told = None, settings, at.items, told
        if has_rules(settings):
            ours = None if text is None else text[_places(at.items, self._item_ids)]
            self._ruled = RuledLists(settings, at.items, self._item_ids, ours, at.ds)

    def rows(self, block: pa.Array, users: Array, facts: Facts | None, hits: Hits) -> Iterator[pa.RecordBatch]:
        """Rows of some users of a block (their positions, ascending), some at a time.

        Args:
            facts: of the block; None where there are no rules.
        """
        chunks = (users[start : start + self._size] for start in range(0, len(users) if self._lists else 0, self._size))
        if self._ruled is None or facts is None:
            said = self._said(pa.repeat(FALLBACK, sum(map(len, self._lists.values()))))
            yield from (popular_rows(block.take(pa.array(chunk)), self._lists, self._stamp, said) for chunk in chunks)
            return
        rules = self._ruled.of_block(facts)
        for chunk in chunks:
            by = PopularGenerator(self._score, len(chunk))
            lists = self._ruled.ranked(self._ruled.asked(rules, chunk, block, by), by, hits)
            user_ids = block.take(pa.array(chunk))
            said = self._said(reason_codes(lists, POPULAR))
            yield ranked_rows(lists, self._names, user_ids, self._item_ids, self._stamp, POPULAR, said)

    def _said(self, code: pa.Array) -> Said | None:
        return without_evidence(self._settings, code) if self._told else None

    def asked(self, ids: pa.Array, facts: Facts) -> tuple[Generator, list[Asked], pa.Array]:
        """As of `Night`, for one user of whom nothing is known."""
        by, user = PopularGenerator(self._score, 1), np.zeros(1, np.int64)
        ruled = self._ruled or RuledLists(self._settings, self._items, self._item_ids, None, self._stamp.ds)
        return by, ruled.asked(ruled.of_block(facts), user, ids, by), self._item_ids


def _places(items: pa.Table, item_ids: pa.Array) -> Array:
    found: Array = pa.compute.index_in(item_ids, value_set=items["item_id"].combine_chunks()).to_numpy()
    return found
