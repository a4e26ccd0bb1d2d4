"""Rows of `recommendations`: where a score came from, in numbers and in a word."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.ragged import Array
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

SCHEMA = arrow_schema(TABLES["recommendations"], with_ds=False)
PARTS = ("long_part", "short_part", "popularity_part", "rule_part")
SHARES = ("long_share", "short_share", "popularity_share", "rule_share")
REASONS = pa.array(["long_interest", "recent_interest", "popular", "long_habit", "recent_habit", "popular"])
"""Of the part that speaks most for an item, in the order of the parts: first of new items, then of own ones."""
POPULARITY = 2
"""The place of popularity among the parts."""
PLACED = pa.array(["pinned", "explored", "rotated"])
"""Why a row stands where its score would not have put it."""
ID_DIGITS = 24
"""Of a hash's 64, as a recommendation's id."""
FUSION, POPULAR, FALLBACK = "fusion", "popular", "popular_fallback"
NO_MODEL = "none"
"""Version written into rows of a night before any champion."""


@dataclass(frozen=True)
class Ranked:
    """Lists of a chunk of users, flat, by user, list and rank.

    Attributes:
        list: number of the list [R].
        row: the user's position in the chunk [R].
        item: item number [R].
        rank: from one [R].
        own: whether the item is in the user's history [R].
        score: [R].
        parts: long, short, popularity and rules, which add up to the score [R, 4].
        near: what similar users say of the item, within long and short [R].
        shares: of those [R, 4].
        alpha: the long share of the list, NaN where neither long nor short says anything [R].
        says: which part but that of rules speaks most for the item [R].
        placed: why a row stands where it does: its score (0), a pin (1), a draw (2), a rotation (3) [R].
        propensity: how likely that item was at that rank, NaN where nothing was drawn [R].
    """

    list: Array
    row: Array
    item: Array
    rank: Array
    own: Array
    score: Array
    parts: Array
    near: Array
    shares: Array
    alpha: Array
    says: Array
    placed: Array
    propensity: Array


@dataclass(frozen=True)
class Stamp:
    """What every row of one night carries."""

    ds: str
    model_version: str
    config_hash: str


@dataclass(frozen=True)
class Said:
    """What rows say of themselves: `evidence` and `reason` [R]."""

    evidence: pa.Array
    reason: pa.Array


def reason_codes(lists: Ranked, generator: str = FUSION) -> pa.Array:
    """Why each row is there, in a word [R]."""
    by_score = REASONS.take(pa.array(lists.says + len(REASONS) // 2 * lists.own))
    reasons = by_score if generator == FUSION else pa.repeat(FALLBACK, len(lists.row))
    placed = PLACED.take(pa.array(lists.placed - 1, mask=lists.placed == 0))
    return pc.coalesce(placed, reasons)


def ranked_rows(
    lists: Ranked,
    names: tuple[str, ...],
    user_ids: pa.Array,
    item_ids: pa.Array,
    stamp: Stamp,
    generator: str = FUSION,
    said: Said | None = None,
) -> pa.RecordBatch:
    """Rows of ranked lists; `names` are of the lists, `user_ids` the chunk's, `item_ids` the whole index's.

    Args:
        said: of the rows; null where nobody asks.
    """
    own = {
        "list": pa.array(names, pa.string()).take(pa.array(lists.list)),
        "user_id": user_ids.take(pa.array(lists.row)),
        "rank": lists.rank,
        "item_id": item_ids.take(pa.array(lists.item)),
        "score": lists.score,
        "alpha": pa.array(lists.alpha, mask=np.isnan(lists.alpha)),
        **dict(zip(PARTS, lists.parts.T, strict=True)),
        "neighbour_part": lists.near,
        **dict(zip(SHARES, lists.shares.T, strict=True)),
        "propensity": pa.array(lists.propensity, mask=np.isnan(lists.propensity)),
        "generator": pa.repeat(generator, len(lists.row)),
        "reason_code": reason_codes(lists, generator),
    }
    return _batch(own, stamp, said)


def popular_rows(
    user_ids: pa.Array, popular: Mapping[str, pa.Table], stamp: Stamp, said: Said | None = None
) -> pa.RecordBatch:
    """The same popular rows (item_id, score) by list for every user: all of it popularity.

    Args:
        said: of the rows of one user.
    """
    users, size = len(user_ids), sum(map(len, popular.values()))
    names = [name for name, rows in popular.items() for _ in range(len(rows))]
    ranks = [rank for rows in popular.values() for rank in range(1, len(rows) + 1)]
    listed = pa.concat_tables(popular.values())
    score, nothing, everything = (
        np.tile(listed["score"].to_numpy(), users),
        np.zeros(users * size),
        np.ones(users * size),
    )
    own = {
        "list": pa.array(names, pa.string()).take(pa.array(np.tile(np.arange(size), users))),
        "user_id": user_ids.take(pa.array(np.repeat(np.arange(users), size))),
        "rank": np.tile(np.array(ranks, np.int32), users),
        "item_id": listed["item_id"].combine_chunks().take(pa.array(np.tile(np.arange(size), users))),
        "score": score,
        "alpha": pa.nulls(users * size, pa.float64()),
        **dict(zip(PARTS, (nothing, nothing, score, nothing), strict=True)),
        "neighbour_part": nothing,
        **dict(zip(SHARES, (nothing, nothing, everything, nothing), strict=True)),
        "propensity": pa.nulls(users * size, pa.float64()),
        "generator": pa.repeat(POPULAR, users * size),
        "reason_code": pa.repeat(FALLBACK, users * size),
    }
    each = pa.array(np.tile(np.arange(size), users))
    return _batch(own, stamp, said and Said(said.evidence.take(each), said.reason.take(each)))


def _batch(own: dict[str, Any], stamp: Stamp, said: Said | None) -> pa.RecordBatch:
    rows = len(own["rank"])
    unsaid = {name: pa.nulls(rows, SCHEMA.field(name).type) for name in ("evidence", "reason", "variant")}
    columns = {
        **own,
        **unsaid,
        **(vars(said) if said else {}),
        "recommendation_id": recommendation_ids(own["list"], own["user_id"], own["item_id"], stamp),
        "model_version": pa.repeat(stamp.model_version, rows),
        "config_hash": pa.repeat(stamp.config_hash, rows),
    }
    return pa.RecordBatch.from_arrays([pa.array(columns[f.name]).cast(f.type) for f in SCHEMA], schema=SCHEMA)


def of_variant(rows: pa.RecordBatch, variant: str | None) -> pa.RecordBatch:
    """The same rows, of users of that variant."""
    at, named = SCHEMA.get_field_index("variant"), pa.repeat(pa.scalar(variant, pa.string()), len(rows))
    return rows.set_column(at, SCHEMA.field(at), named)


def recommendation_ids(lists: pa.Array, user_ids: pa.Array, item_ids: pa.Array, stamp: Stamp) -> pa.Array:
    """Hash of (ds, version, list, user, item): equal runs make equal ids, and an event can name what it answers."""
    head = pa.scalar(f"{stamp.ds}\0{stamp.model_version}")
    hashed = pc.binary_join_element_wise(head, lists, user_ids, item_ids, "\0").cast(pa.binary()).to_pylist()
    # One text of all digits, cut where each id ends: half as long as a string for each.
    digits = b"".join([hashlib.sha256(text).digest()[: ID_DIGITS // 2] for text in hashed]).hex().encode()
    ends = np.arange(0, len(digits) + 1, ID_DIGITS, dtype=np.int32)
    return pa.StringArray.from_buffers(len(hashed), pa.py_buffer(ends), pa.py_buffer(digits))
