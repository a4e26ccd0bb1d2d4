"""All lists of a night by their rules: made ready once a date, then for a block of users, then for a chunk of it."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from lsif.config import Interest, Settings
from lsif.features.ragged import Array
from lsif.list_rules import ListRules
from lsif.ranking.draws import seed_of
from lsif.ranking.generators import Generator
from lsif.ranking.hits import Hits
from lsif.ranking.item_rules import item_rules
from lsif.ranking.judged import Asked
from lsif.ranking.lists import RANKS_BY, deepest, in_order, one_list, together
from lsif.ranking.placing import placed
from lsif.ranking.pool import Wanted
from lsif.ranking.rows import Ranked
from lsif.ranking.ruled import ruled
from lsif.ranking.user_facts import Facts
from lsif.ranking.user_rules import UserRules, rules_of_users

NO_RULES = ListRules()


def has_rules(settings: Settings) -> bool:
    return any(settings.rules_of(name) != NO_RULES for name in settings.lists)


def without_rules(settings: Settings) -> Settings:
    """The same lists as the model alone makes them."""
    return _changed(settings, lambda rules: NO_RULES)


def without_draws(settings: Settings) -> Settings:
    """The same lists, where no row is left to chance."""
    return _changed(settings, lambda rules: rules.model_copy(update={"explore": None, "rotate": None}))


def _changed(settings: Settings, change: Callable[[ListRules], ListRules]) -> Settings:
    """Every list's own rules, and those of all, changed."""
    lists = {name: one.model_copy(update={"rules": change(one.rules)}) for name, one in settings.lists.items()}
    ranking = settings.ranking.model_copy(update={"rules": change(settings.ranking.rules)})
    return settings.model_copy(update={"lists": lists, "ranking": ranking})


class RuledLists:
    """The rules of every list over the night's items.

    Raises:
        LsifError: as `item_rules`.
    """

    def __init__(self, settings: Settings, items: pa.Table, item_ids: pa.Array, text: Array | None, ds: str) -> None:
        self._ds, self._item_ids = ds, item_ids
        self._lists = tuple(settings.lists.values())
        self._rules = item_rules(items, item_ids, text, settings, ds)

    def of_block(self, facts: Facts) -> list[UserRules]:
        """Of every list, for a block of users."""
        return rules_of_users(self._rules, facts, self._item_ids, self._ds)

    def asked(
        self, rules: Sequence[UserRules], users: Array, ids: pa.Array, by: Generator, only: Interest | None = None
    ) -> list[Asked]:
        """Every list for a chunk of users.

        Args:
            users: their positions in the block that `rules` are of.
            ids: of the block.
        """
        found = []
        for number, (of, one) in enumerate(zip(self._lists, rules, strict=True)):
            seeds = self._seeds(one, users, ids)
            found.append(Asked(number, of, one, users, placed(one, users, seeds, of.k, by), seeds, only))
        return found

    def ranked(self, asked: Sequence[Asked], by: Generator, hits: Hits) -> Ranked:
        """Every list of a chunk of users: by user, list and rank."""
        users, only = asked[0].users, asked[0].only
        depth = by.size if only else deepest(self._lists)
        wanted = [one.placed.wanted() for one in asked]
        also = Wanted(*(np.concatenate([getattr(part, name) for part in wanted]) for name in ("row", "item")))
        base = by.pool(np.arange(len(users)), depth, None, np.zeros(0), also)
        best = in_order(base, RANKS_BY[only](base))
        return together(
            [
                one_list(best, one.of, one.number)
                if one.rules.of.rules == NO_RULES
                else ruled(one, best, depth, by, hits)
                for one in asked
            ]
        )

    def _seeds(self, rules: UserRules, users: Array, ids: pa.Array) -> Array:
        """Of draws for each user of a chunk, nought where nothing is drawn [U]."""
        if not (rules.of.rules.explore or rules.of.rules.rotate):
            return np.zeros(len(users), np.uint64)
        names = ids.take(pa.array(users)).to_pylist()
        return np.array([seed_of(self._ds, rules.of.name, name) for name in names], np.uint64)
