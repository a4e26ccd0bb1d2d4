"""What users searched for lately, as texts among those of the items."""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.ragged import Array, day_number, exploded, indices_in, starts
from lsif.features.text_encoders import TextEncoder, encoded_queries, encoder_named
from lsif.features.vocabulary import ItemIndex

MOST = 16
"""Searches of a user that the model reads, the last ones."""
SECONDS_PER_DAY = 86_400


def searches(windows: pa.Table, ds: str, index: ItemIndex, user_ids: pa.Array, settings: Settings) -> dict[str, Array]:
    """`search_start` [U + 1], and of each search, oldest first, `search_text` [N, T] float32 and `search_age` [N], days
    to the end of `ds`.

    None where queries are masked, and none where the encoder of the index is not there any more.
    """
    owner, said = exploded(windows["searches"])
    setting = settings.model.text_encoder
    encoder = _encoder(index.text_encoder, setting) if len(said) else None
    if encoder is None or "query" in settings.privacy.pseudonym_columns:
        nothing = np.zeros((0, index.text.shape[1]), np.float32)
        return {
            "search_start": np.zeros(len(user_ids) + 1, np.int64),
            "search_text": nothing,
            "search_age": nothing[:, 0],
        }
    user = indices_in(windows["user_id"], user_ids)[owner]
    order = np.argsort(user, kind="stable")
    order = order[user[order] >= 0]
    user, end = user[order], starts(user[order], len(user_ids))[1:]
    kept = np.flatnonzero(end[user] - np.arange(len(user)) <= MOST)
    said = said.take(pa.array(order[kept]))
    said = said.combine_chunks() if isinstance(said, pa.ChunkedArray) else said
    texts = pc.dictionary_encode(pc.struct_field(said, "query").cast(pa.string()))
    moment = pc.struct_field(said, "event_time").cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy() / 1e6
    return {
        "search_start": starts(user[kept], len(user_ids)),
        "search_text": encoded_queries(encoder, texts.dictionary.to_pylist())[texts.indices.to_numpy()],
        "search_age": ((day_number(ds) + 1) - moment / SECONDS_PER_DAY).astype(np.float32),
    }


@cache
def _encoder(name: str, setting: str) -> TextEncoder | None:
    """Opened once: some have to be found by what is in their files."""
    return encoder_named(name, setting)
