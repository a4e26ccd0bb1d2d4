"""What a language model says of items, as attributes that rules of lists may name beside the catalogue's own."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.attributes import answers_about, attributes_known
from lsif.features.ragged import Array
from lsif.list_rules import ListRules
from lsif.llm import KIND
from lsif.rule_columns import words_named
from lsif.tables import Tables


def with_words(
    items: pa.Table, tables: Tables, ds: str, settings: Settings, rules: Sequence[ListRules] | None = None
) -> pa.Table:
    """Rows of `items` with a model's words among the attributes, before the catalogue's own, where rules name any.

    Args:
        rules: of the lists; by default those of users.

    Raises:
        LsifError: rules name what nobody says by the night of `ds`, neither the catalogue nor a model.
    """
    if not (names := words_named(settings, rules)):
        return items
    by = settings.llm.made_by
    answers, about = answers_about(items, attributes_known(tables, ds), by)
    if (about < 0).all() and (missing := sorted({*names} - _own_names(items))):
        raise LsifError(
            f"rules of lists name {missing[0]}, and no attributes of {by} are known on {ds}: `lsif llm export` asks "
            "for them, or take the rule out"
        )
    said = _pairs(answers).take(pa.array(about, mask=about < 0))
    pairs = _one_after_the_other(said, items["attributes"])
    return items.set_column(items.column_names.index("attributes"), "attributes", pairs)


def _own_names(items: pa.Table) -> set[str]:
    pairs = [pc.struct_field(items[part].combine_chunks().flatten(), "name") for part in ("attributes", "numbers")]
    return {name for names in pairs for name in pc.unique(names).to_pylist()}


def _pairs(answers: pa.Table) -> pa.ListArray:
    """For each answer its kind and attributes: a list of pairs of name and value."""
    kinds = _structs(pa.array([KIND] * len(answers), pa.string()), answers[KIND].combine_chunks())
    return _one_after_the_other(_listed(np.arange(len(answers)), kinds, len(answers)), answers["attributes"])


def _one_after_the_other(first: pa.ListArray, then: pa.ChunkedArray) -> pa.ListArray:
    """Row by row the pairs of both; where both say something under one name, readers take the last."""
    lists = [first, then.combine_chunks()]
    parents = np.concatenate([np.asarray(pc.list_parent_indices(one)) for one in lists])
    flat = [one.flatten() for one in lists]
    pairs = [_structs(pc.struct_field(one, "name"), pc.struct_field(one, "value")) for one in flat]
    return _listed(parents, pa.concat_arrays(pairs), len(first))


def _listed(parents: Array, pairs: pa.StructArray, size: int) -> pa.ListArray:
    """Pairs as lists of the rows that they belong to."""
    ends = np.cumsum(np.bincount(parents, minlength=size))
    order = np.argsort(parents, kind="stable")
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), pairs.take(pa.array(order)))


def _structs(names: pa.Array, values: pa.Array) -> pa.StructArray:
    return pa.StructArray.from_arrays([names.cast(pa.string()), values.cast(pa.string())], ["name", "value"])
