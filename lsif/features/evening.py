"""What scoring reads at the end of one day, and the identity of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.attributes import attribute_inputs, attributes_known, no_attributes
from lsif.features.elsewhere import no_counts, shared_counts, shared_inputs
from lsif.features.known import Everyone, Nobody, Users, days_of_tiles, popular_days
from lsif.interests.as_of import catalogue_at, catalogue_inputs, earlier_day, history_inputs
from lsif.interests.bases import history_settings
from lsif.tables import Tables


class People(Protocol):
    """The users' half, read for some of them at a time."""

    @property
    def ids(self) -> pa.Array:
        """Everybody who gets a list, sorted."""
        ...

    def blocks(self, ids: pa.Array) -> Iterator[Users]:
        """What is known of these users (sorted), some at a time."""
        ...


class Few:
    """Some people, read at once by whoever then asks for one after the other."""

    def __init__(self, people: People, ids: pa.Array) -> None:
        """
        Args:
            ids: of the few, sorted; of others nothing is to be asked.
        """
        self.ids = ids.filter(pc.is_in(ids, value_set=people.ids))
        self._blocks = list(people.blocks(ids))

    def blocks(self, ids: pa.Array) -> Iterator[Users]:
        """As `People.blocks`, of some of the few."""
        for block in self._blocks:
            inside = ids.filter(pc.is_in(ids, value_set=block.ids))
            if len(inside):
                yield block.only(inside)


@dataclass(frozen=True)
class Evening:
    """The end of one day.

    Attributes:
        people: who did what.
        earlier: who had done what `recent_days` days of arrival before; only a model needs it.
        items: the newest catalogue at or before `ds`.
        states: `item_states` at `ds`; only a model needs them.
        item_tiles: what was popular in the `popularity_days` days up to `ds`.
        item_vectors: vectors of the catalogue's texts.
        item_attributes: what is said of them by whomever; only a model that was trained with them reads any.
        elsewhere: the sum over houses that holds at `ds`, where there is one; only a model needs it.
    """

    ds: str
    people: People
    earlier: People
    items: pa.Table
    states: pa.Table
    item_tiles: pa.Table
    item_vectors: pa.Table
    item_attributes: pa.Table = field(default_factory=no_attributes)
    elsewhere: pa.Table = field(default_factory=no_counts)


def evening(tables: Tables, ds: str, settings: Settings, encoder: str | None) -> Evening:
    """Open it; `encoder` names the text encoder of the model that will score, None without a model.

    Raises:
        MissingDays: something that the night before should have written is not there.
    """
    tables = tables.pinned()
    people, items = Everyone(tables, ds, settings), catalogue_at(tables, ds)
    if encoder is not None:
        tables.require_days("item_states", ds, ds)
    return Evening(
        ds,
        people,
        people_before(tables, ds, settings) if encoder is not None else Nobody(ds),
        items,
        states=tables.read("item_states", [ds]),
        item_tiles=tables.read("item_tiles", days_of_tiles(tables, "item_tiles", ds, settings)),
        item_vectors=tables.read("item_vectors", filter=pc.field("encoder") == (encoder or "")),
        item_attributes=attributes_known(tables, ds) if encoder is not None else no_attributes(),
        elsewhere=shared_counts(tables, ds) if encoder is not None else no_counts(),
    )


def people_before(tables: Tables, ds: str, settings: Settings) -> Everyone | Nobody:
    """Everybody as known `recent_days` days before `ds`; nobody where the log is younger.

    Raises:
        MissingDays: the window of that day is missing, or a tile that is needed.
    """
    before = earlier_day(tables, ds, settings.interests.recent_days)
    return Everyone(tables, before, settings) if before else Nobody(ds)


def evening_inputs(tables: Tables, ds: str, settings: Settings) -> dict[str, str]:
    """Fingerprints of everything `evening` reads; texts have the same vectors for ever, so those are left out."""
    popular = popular_days(ds, settings)
    read = {
        "recent_windows": [ds],
        "item_tiles": popular,
        "user_tiles": popular,
        "item_states": [ds],
    }
    how = history_settings(settings)
    found = history_inputs(tables, ds, how) | catalogue_inputs(tables, ds) | attribute_inputs(tables, ds)
    found |= shared_inputs(tables, ds)
    for name, days in read.items():
        found |= tables.fingerprints(name, days)
    if before := earlier_day(tables, ds, settings.interests.recent_days):
        found |= history_inputs(tables, before, how) | tables.fingerprints("recent_windows", [before])
        found |= tables.fingerprints("user_tiles", popular_days(before, settings))
    return found
