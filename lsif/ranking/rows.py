"""Rows of `recommendations`: where a score came from, in numbers and in a word."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.ragged import Array
from lsif.ranking.popular import DECIMALS
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema

SCHEMA = arrow_schema(TABLES["recommendations"], with_ds=False)
SHARES = ("long_share", "short_share", "repeat_share", "popularity_share")
REASONS = pa.array(["long_interest", "short_interest", "repeat", "popular"])
"""Of the part that speaks most for an item, in the order of the parts."""
ID_DIGITS = 24
"""Of a hash's 64, as a recommendation's id."""
FUSION, POPULAR, FALLBACK = "fusion", "popular", "popular_fallback"
NO_MODEL = "none"
"""Version written into rows of a night before any champion."""


@dataclass(frozen=True)
class Ranked:
    """Lists of a chunk, flat, in order of user and rank.

    Attributes:
        row: the user's position in the chunk [P].
        item: item number [P].
        parts: long, short, repeat, popularity (with the item's bias); they add up to the score [P, 4].
        score: rounded sum of the parts [P].
        alpha: the user's long share of the gate [P].
    """

    row: Array
    item: Array
    parts: Array
    score: Array
    alpha: Array


@dataclass(frozen=True)
class Stamp:
    """What every row of one night carries."""

    ds: str
    model_version: str
    config_hash: str


def fusion_rows(lists: Ranked, user_ids: pa.Array, item_ids: pa.Array, stamp: Stamp) -> pa.RecordBatch:
    """Rows of ranked lists; `user_ids` are the chunk's, `item_ids` the whole index's."""
    shares = _shares(lists.parts)
    return _batch(
        user_ids.take(pa.array(lists.row)),
        item_ids.take(pa.array(lists.item)),
        np.arange(len(lists.row)) - np.searchsorted(lists.row, lists.row) + 1,
        {
            "score": lists.score,
            "alpha": lists.alpha.round(DECIMALS),
            **dict(zip(SHARES, shares.T, strict=True)),
            "source": pa.repeat(FUSION, len(lists.row)),
            "reason_code": REASONS.take(pa.array(lists.parts.argmax(1))),
        },
        stamp,
    )


def popular_rows(user_ids: pa.Array, popular: pa.Table, stamp: Stamp) -> pa.RecordBatch:
    """The same popular list for every user: all of it popularity, and no gate that could have an alpha."""
    users, k = len(user_ids), len(popular)
    nothing, everything = np.zeros(users * k), np.ones(users * k)
    return _batch(
        user_ids.take(pa.array(np.repeat(np.arange(users), k))),
        pc.take(popular["item_id"].combine_chunks(), pa.array(np.tile(np.arange(k), users))),
        np.tile(np.arange(1, k + 1), users),
        {
            "score": np.tile(popular["score"].to_numpy(), users),
            "alpha": pa.nulls(users * k, pa.float64()),
            **dict(zip(SHARES, (nothing, nothing, nothing, everything), strict=True)),
            "source": pa.repeat(POPULAR, users * k),
            "reason_code": pa.repeat(FALLBACK, users * k),
        },
        stamp,
    )


def _shares(parts: Array) -> Array:
    """|part| / Σ|parts| [P, 4]; a score of nothing at all counts as popularity."""
    sizes = np.abs(parts)
    total = sizes.sum(1, keepdims=True)
    nothing = np.array([0.0, 0.0, 0.0, 1.0])
    return np.where(total > 0, sizes / np.maximum(total, 1e-300), nothing).round(DECIMALS)


def _batch(user_ids: pa.Array, item_ids: pa.Array, rank: Array, own: dict[str, Any], stamp: Stamp) -> pa.RecordBatch:
    columns = {
        "user_id": user_ids,
        "rank": rank,
        "item_id": item_ids,
        **own,
        "recommendation_id": recommendation_ids(user_ids, item_ids, stamp),
        "model_version": pa.repeat(stamp.model_version, len(rank)),
        "config_hash": pa.repeat(stamp.config_hash, len(rank)),
    }
    return pa.RecordBatch.from_arrays([pa.array(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def recommendation_ids(user_ids: pa.Array, item_ids: pa.Array, stamp: Stamp) -> pa.Array:
    """Hash of (ds, user, item, version): equal runs make equal ids, and an event can name what it answers."""
    head = pa.scalar(f"{stamp.ds}\0{stamp.model_version}")
    hashed = pc.binary_join_element_wise(head, user_ids, item_ids, "\0").cast(pa.binary()).to_pylist()
    # One text of all digits, cut where each id ends: half as long as a string for each.
    digits = b"".join([hashlib.sha256(text).digest()[: ID_DIGITS // 2] for text in hashed]).hex().encode()
    ends = np.arange(0, len(digits) + 1, ID_DIGITS, dtype=np.int32)
    return pa.StringArray.from_buffers(len(hashed), pa.py_buffer(ends), pa.py_buffer(digits))
