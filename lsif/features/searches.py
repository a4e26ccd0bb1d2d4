"""What users searched for lately, as texts among those of the items."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.queries import queries
from lsif.features.ragged import Array, ages, exploded, indices_in, moments, starts
from lsif.features.vocabulary import ItemIndex
from lsif.privacy.pseudonym import PSEUDONYM


def searches(windows: pa.Table, ds: str, index: ItemIndex, user_ids: pa.Array) -> dict[str, Array]:
    """`search_start` [U + 1], and of each search, oldest first, `search_text` [N, T] float32 and `search_age` [N], days
    to the end of `ds`.

    Masked queries are left out, and those that have no vector.
    """
    owner, said = exploded(windows["searches"])
    said = said.combine_chunks() if isinstance(said, pa.ChunkedArray) else said
    text = _texts(pc.struct_field(said, "query").cast(pa.string()), index)
    user = indices_in(windows["user_id"], user_ids)[owner]
    order = np.argsort(user, kind="stable")
    kept = order[(user[order] >= 0) & text[order].any(1)]
    return {
        "search_start": starts(user[kept], len(user_ids)),
        "search_text": text[kept],
        "search_age": ages(moments(said)[kept], ds),
    }


def _texts(said: pa.Array, index: ItemIndex) -> Array:
    """Vector of each query [N, T], zeros where there is none."""
    size, distinct = index.text.shape[1], said.dictionary_encode()
    found = np.zeros((len(distinct.dictionary), size), np.float32)
    plain = np.flatnonzero(~np.asarray(pc.match_substring_regex(distinct.dictionary, f"^{PSEUDONYM}$")))
    if len(plain):
        known = queries(index.text_encoder, index.encoder_setting, size)
        found[plain] = known.vectors(distinct.dictionary.take(pa.array(plain)).to_pylist())
    vectors: Array = found[distinct.indices.to_numpy()]
    return vectors
