"""What a language model says of items, in numbers: labels that mean the same in every catalogue."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.ragged import Array, indices_in
from lsif.features.text import text_sha256
from lsif.llm import KIND
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema

ATTRIBUTES = "item_attributes"
MOST_GOES_WITH = 3


@dataclass(frozen=True)
class Labels:
    """Labels of some items, `A` for each; 0 where nothing is said.

    Attributes:
        made_by: whose answers to which prompt, as `Llm.made_by`.
        names: `kind` and the attributes' names [A].
        value: label of each value [V, A], int64.
        goes_with: labels of the kinds that go with each item [V, MOST_GOES_WITH], int64.
    """

    made_by: str
    names: tuple[str, ...]
    value: Array
    goes_with: Array

    def __len__(self) -> int:
        return len(self.value)

    def take(self, rows: Array) -> "Labels":
        """Of the items at `rows`; nothing is said of row -1."""
        there = (rows >= 0)[:, None]
        return Labels(self.made_by, self.names, self.value[rows] * there, self.goes_with[rows] * there)

    def joined(self, later: "Labels") -> "Labels":
        """These and then `later`, which are of the same names."""
        value, goes_with = (np.concatenate(both) for both in zip(self._arrays(), later._arrays(), strict=True))
        return Labels(self.made_by, self.names, value, goes_with)

    def _arrays(self) -> tuple[Array, Array]:
        return self.value, self.goes_with


def no_attributes() -> pa.Table:
    """No rows of `item_attributes`."""
    return arrow_schema(TABLES[ATTRIBUTES]).empty_table()


def attributes_known(tables: Tables, ds: str) -> pa.Table:
    """Rows of `item_attributes` that the night of `ds` may read, whoever made them."""
    return tables.read(ATTRIBUTES, filter=pc.field("known_from") <= ds)


def attribute_inputs(tables: Tables, ds: str) -> dict[str, str]:
    """Identity of those rows, whose keys never change their content; nothing where there are none.

    So a night without attributes is the night that it was.
    """
    columns = ["model", "prompt_version", "text_sha256"]
    rows = tables.read(ATTRIBUTES, columns=columns, filter=pc.field("known_from") <= ds)
    keys = rows.sort_by([(name, "ascending") for name in columns])
    text = "\n".join("\t".join(row) for row in zip(*(column.to_pylist() for column in keys.columns), strict=True))
    return {ATTRIBUTES: hashlib.sha256(text.encode()).hexdigest()} if len(rows) else {}


def makers(attributes: pa.Table) -> pa.ChunkedArray:
    """Who made each row of `item_attributes`, as `Llm.made_by` writes it."""
    return pc.binary_join_element_wise(attributes["model"], attributes["prompt_version"], "@")


def answers_about(items: pa.Table, attributes: pa.Table, made_by: str) -> tuple[pa.Table, Array]:
    """The rows of `item_attributes` that it made, and which of them is about each item [V], -1 where none is."""
    own = attributes.filter(pc.equal(makers(attributes), made_by)).sort_by("text_sha256")
    keys = pa.array(text_sha256(items["text"].to_pylist()), pa.string())
    return own, indices_in(keys, own["text_sha256"].cast(pa.string()).combine_chunks())


def labels_of(items: pa.Table, attributes: pa.Table, made_by: str, names: tuple[str, ...]) -> Labels:
    """What is known of each row of the `items` table, by its text.

    Args:
        attributes: rows of `item_attributes`, of any models.
        names: `kind` and the names of the attributes that are wanted.
    """
    own, at = answers_about(items, attributes, made_by)
    rows = own.select(["kind", "attributes", "goes_with"]).to_pylist()
    value = np.zeros((len(rows), len(names)), np.int64)
    goes_with = np.zeros((len(rows), MOST_GOES_WITH), np.int64)
    for number, row in enumerate(rows):
        said = {KIND: row["kind"]} | {one["name"]: one["value"] for one in row["attributes"]}
        value[number] = [label(name, said[name]) if name in said else 0 for name in names]
        kinds = [label(KIND, one["kind"]) for one in row["goes_with"]][:MOST_GOES_WITH]
        goes_with[number, : len(kinds)] = kinds
    nothing = Labels(made_by, names, np.zeros((1, len(names)), np.int64), np.zeros((1, MOST_GOES_WITH), np.int64))
    return Labels(made_by, names, value, goes_with).joined(nothing).take(np.where(at < 0, len(rows), at))


def label(name: str, value: str) -> int:
    """A number above nought for a value of an attribute, the same at all times and places."""
    return int(hashlib.sha256(f"{name}={value}".encode()).hexdigest()[:15], 16) + 1
