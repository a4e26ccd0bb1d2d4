"""Where lists beside items meet the tables."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.attributes import attribute_inputs, attributes_known
from lsif.features.ragged import Array
from lsif.features.text import catalogue_vectors
from lsif.features.words import with_words
from lsif.interests.as_of import catalogue_at, catalogue_inputs
from lsif.item_lists.baskets import baskets, days_of
from lsif.item_lists.listing import listed
from lsif.item_lists.near import Near, Others
from lsif.item_lists.signals import signals
from lsif.item_lists.similar import Similar
from lsif.item_lists.together import Together
from lsif.ranking.item_rules import rules_over_items
from lsif.rule_files import fingerprint
from lsif.tables import Tables

SIMILAR, TOGETHER = "similar_items", "taken_together"


def inputs_of(tables: Tables, ds: str, settings: Settings, encoder: str) -> dict[str, str]:
    """Fingerprints of everything that the lists which are wanted are made of.

    Raises:
        MissingDays: a day of tiles is missing.
        LsifError: a file of ids cannot be read.
    """
    wanted = wanted_lists(settings)
    found = catalogue_inputs(tables, ds) | attribute_inputs(tables, ds) | {"encoder": encoder}
    if SIMILAR in wanted:
        found |= tables.fingerprints("item_states", [ds])
    if TOGETHER in wanted:
        found |= tables.fingerprints("history_tiles", days_of(tables, ds, settings.interests.recent_days))
    files = {file for name in wanted for file in settings.item_rules_of(name).blocked_items}
    return found | {f"file/{path}": fingerprint(path) for path in sorted(settings.locate(file, ds) for file in files)}


def wanted_lists(settings: Settings) -> dict[str, int]:
    """The lists that the configuration names, and how many rows each has.

    Raises:
        LsifError: it names none.
    """
    if settings.item_lists is None:
        raise LsifError("the configuration has no [item_lists] that names a list beside items")
    return {name: one.k for name, one in settings.item_lists.wanted.items()}


class ItemNight:
    """The available items at the end of `ds`, and their lists.

    Raises:
        MissingDays: nothing is known of the catalogue, or `item_states` is missing.
        LsifError: a text has no vector, or a rule fails on what the catalogue holds.
    """

    def __init__(self, tables: Tables, ds: str, settings: Settings, encoder: str) -> None:
        self._tables, self._ds, self._settings = tables.pinned(), ds, settings
        items = catalogue_at(self._tables, ds)
        self.items = items.filter(pc.fill_null(items["available"], True))
        if not len(self.items):
            raise LsifError(f"no item is available on {ds}: there is nothing to list beside another")
        self.ids = self.items["item_id"].cast(pa.string()).combine_chunks()
        self._vectors = self._text(encoder)
        named = {name: settings.item_rules_of(name) for name in wanted_lists(settings)}
        rows = with_words(self.items, self._tables, ds, settings, list(named.values()))
        self._rules = {of.name: of for of in rules_over_items(named, rows, self.ids, self._vectors, settings, ds)}

    def rows(self, name: str) -> Iterator[pa.RecordBatch]:
        """Rows of the table of that name, some items at a time."""
        rules, k = self._rules[name], wanted_lists(self._settings)[name]
        schema = self._tables.schema(name)
        near = self._near(name, Others(rules.closed == 0, rules.boost))
        return listed(near, rules, k, self.ids, schema)

    def _near(self, name: str, of: Others) -> Near:
        tables, ds = self._tables, self._ds
        if name == TOGETHER:
            return Together(baskets(tables, ds, self._settings.interests.recent_days, self.ids), of)
        states = tables.read("item_states", tables.require_days("item_states", ds, ds), ["item_id", "factor"])
        return Similar(signals(self.items, self._vectors, attributes_known(tables, ds), states), of)

    def _text(self, encoder: str) -> Array:
        vectors = self._tables.read("item_vectors", filter=pc.field("encoder") == encoder)
        return catalogue_vectors(self.items, vectors, encoder)
