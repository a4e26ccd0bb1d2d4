"""Which number an item has inside the model."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.days import MICROS_OF_DAY
from lsif.features.attributes import Labels
from lsif.features.groups import Groups, item_groups
from lsif.features.ragged import Array, day_number, indices_in

OTHER = ""
"""Category or event type that the training never saw; always number 0."""


@dataclass(frozen=True)
class ItemIndex:
    """Items, categories and event types by number. Trained items come first; items new in a later catalogue follow.

    No weight belongs to an item, so a new one can be recommended on its first night.

    Attributes:
        item_ids: original ids [V].
        trained: how many of them the model was trained with.
        category: category number of each item [V], int64.
        categories: names; number 0 is `OTHER`.
        event_types: names; number 0 is `OTHER`.
        text: text vector of each item [V, T], float32; zeros where there is no text.
        counts: users who had each item at the end of training [V], float32; 0 for new items and those nobody had.
        text_encoder: name of the encoder that made `text`.
        encoder_setting: how the settings ask for it.
        published: when each appeared, in days since 1970, NaN where the catalogue does not say [V].
        labels: what a language model says of each item [V]; None for a model that was trained without.
    """

    item_ids: pa.Array
    trained: int
    category: Array
    categories: tuple[str, ...]
    event_types: tuple[str, ...]
    text: Array
    counts: Array
    text_encoder: str
    encoder_setting: str
    published: Array
    labels: Labels | None = None

    def __len__(self) -> int:
        return len(self.item_ids)

    @cached_property
    def groups(self) -> Groups:
        """Each item's category and kind, and what it is said to be."""
        return item_groups(self.category, self.text, self.labels)

    def items(self, item_ids: pa.Array | pa.ChunkedArray) -> Array:
        """Number of each id, -1 where unknown."""
        return indices_in(item_ids, self.item_ids)

    def types(self, event_types: pa.Array | pa.ChunkedArray) -> Array:
        """Number of each event type, 0 where unknown."""
        return np.maximum(indices_in(event_types, pa.array(self.event_types)), 0)

    def age(self, ds: str) -> Array:
        """Days from each item's publication to the end of `ds` [V]; NaN where that was later, or nobody knows."""
        days: Array = day_number(ds) + 1 - self.published
        return np.where(days >= 0, days, np.nan)

    def extended(self, items: pa.Table, text: Array, labels: Labels | None = None) -> "ItemIndex":
        """This index with the items of a catalogue that it lacks, in order of their ids.

        Args:
            items: rows of the `items` table.
            text: one vector per row of `items` [N, T].
            labels: of the rows of `items` [N], where the index has labels.
        """
        order = pc.sort_indices(pc.cast(items["item_id"], pa.string())).to_numpy()
        new = order[self.items(items["item_id"].take(pa.array(order))) < 0]
        added = items.take(pa.array(new))
        return replace(
            self,
            item_ids=pa.concat_arrays([self.item_ids, _strings(added["item_id"])]),
            category=np.concatenate([self.category, _categories(added, self.categories)]),
            text=np.concatenate([self.text, text[new].astype(np.float32)]),
            counts=np.concatenate([self.counts, np.zeros(len(new), np.float32)]),
            published=np.concatenate([self.published, _published(added)]),
            labels=None if self.labels is None else self.labels.joined(_said(self.labels, labels, new)),
        )

    def trained_only(self) -> "ItemIndex":
        """The part that belongs to the model; new items come from the catalogue of the night."""
        n = self.trained
        return replace(
            self,
            item_ids=self.item_ids[:n],
            category=self.category[:n],
            text=self.text[:n],
            counts=self.counts[:n],
            published=self.published[:n],
            labels=self.labels.take(np.arange(n)) if self.labels is not None else None,
        )

    def to_artifacts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays and JSON of the trained part: what `from_artifacts` needs."""
        own = self.trained_only()
        arrays = {"category": own.category, "text": own.text, "counts": own.counts, "published": own.published}
        names = {
            "item_ids": own.item_ids.to_pylist(),
            "categories": list(own.categories),
            "event_types": list(own.event_types),
            "text_encoder": own.text_encoder,
            "encoder_setting": own.encoder_setting,
        }
        if own.labels is not None:
            arrays |= {"labels": own.labels.value, "goes_with": own.labels.goes_with}
            names["labels"] = {"made_by": own.labels.made_by, "names": list(own.labels.names)}
        return arrays, names

    @classmethod
    def from_artifacts(cls, arrays: dict[str, Array], names: dict[str, Any]) -> "ItemIndex":
        of = names.get("labels")
        return cls(
            item_ids=pa.array(names["item_ids"], pa.string()),
            trained=len(names["item_ids"]),
            categories=tuple(names["categories"]),
            event_types=tuple(names["event_types"]),
            text_encoder=names["text_encoder"],
            encoder_setting=names["encoder_setting"],
            labels=Labels(of["made_by"], tuple(of["names"]), arrays["labels"], arrays["goes_with"]) if of else None,
            **{name: arrays[name] for name in ("category", "text", "counts", "published")},
        )


def build_index(
    states: pa.Table,
    items: pa.Table,
    text: Array,
    event_types: tuple[str, ...],
    text_encoder: str,
    labels: Labels | None = None,
    encoder_setting: str = "",
) -> ItemIndex:
    """The index of a training: every item of the catalogue or of a history, in order of ids.

    Items that nobody had yet belong to it. Without them the never-had items of an early cutoff would be exactly those
    that were taken later: the model would learn that what nobody had is about to be taken, and fill nights with it.

    Args:
        states: `item_states` at the last training cutoff.
        items: the catalogue; items of a history that it lacks get no text and the category `OTHER`.
        text: one vector per row of `items` [N, T].
        labels: of the rows of `items` [N].
        encoder_setting: how the settings ask for the encoder.
    """
    states = states.filter(pc.field("users") > 0)
    had, listed = _strings(states["item_id"]), _strings(items["item_id"])
    ids = pc.unique(pa.concat_arrays([had, listed]))
    ids, counts = ids.take(pc.sort_indices(ids)), np.zeros(len(ids), np.float32)
    counts[indices_in(had, ids)] = states["users"].to_numpy()
    row = indices_in(ids, listed)
    names = pc.unique(pc.drop_null(pc.cast(items["category"], pa.string()))).to_pylist()
    categories = (OTHER, *sorted(set(names) - {OTHER}))
    known = row >= 0
    category, vectors = np.zeros(len(ids), np.int64), np.zeros((len(ids), text.shape[1]), np.float32)
    category[known], vectors[known] = _categories(items, categories)[row[known]], text[row[known]]
    types = (OTHER, *sorted(set(event_types) - {OTHER}))
    published = np.append(_published(items), np.nan)[row]
    said = None if labels is None else labels.take(row)
    texts = (vectors, counts, text_encoder, encoder_setting)
    return ItemIndex(ids, len(ids), category, categories, types, *texts, published, said)


def _said(own: Labels, labels: Labels | None, new: Array) -> Labels:
    """Of the new items; nothing where nobody asked what is said of them."""
    return own.take(np.full(len(new), -1)) if labels is None else labels.take(new)


def _strings(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    cast = pc.cast(column, pa.string())
    return cast.combine_chunks() if isinstance(cast, pa.ChunkedArray) else cast


def _published(items: pa.Table) -> Array:
    """Days since 1970 [N], NaN where nobody says."""
    micros = pc.cast(pc.cast(items["published"], pa.timestamp("us", "UTC")), pa.int64())
    found: Array = pc.cast(micros, pa.float64()).to_numpy(zero_copy_only=False) / MICROS_OF_DAY
    return found


def _categories(items: pa.Table, categories: tuple[str, ...]) -> Array:
    return np.maximum(indices_in(items["category"], pa.array(categories)), 0)
