"""What users have had, as the audit asks of it: how much of the catalogue, and what exactly of a sample of them."""

import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.known import Everyone, Users
from lsif.ranking.sampled import chosen, seeds
from lsif.ranking.user_facts import blocks_of

PIECES = {"history": Users.own_items, "window": Users.seen_items}


def sample(everyone: Everyone, users: pa.Array) -> pa.Array:
    """Of these users (sorted), those whose evidence is looked into."""
    parts = [block.filter(pa.array(chosen(seeds(block, everyone.ds), len(everyone.ids)))) for block in blocks_of(users)]
    return pa.chunked_array(parts, pa.string()).combine_chunks()


def owned(everyone: Everyone, items: pa.Array, users: pa.Array) -> pa.Table:
    """How many of the available items each of some users has had: user_id, owned."""
    parts = [block.own_items() for block in everyone.blocks(users)]
    there = pa.concat_tables(parts).filter(pc.field("item_id").isin(items))
    return there.group_by("user_id").aggregate([([], "count_all")]).rename_columns({"count_all": "owned"})


def touched(everyone: Everyone, users: pa.Array) -> pa.Table:
    """What some users have in their histories and windows: user_id, item_id, piece."""
    blocks = [*everyone.blocks(users)] if len(users) else []
    parts = [(name, of(block)) for block in blocks for name, of in PIECES.items()]
    nothing = pa.schema([(name, pa.string()) for name in ("user_id", "item_id", "piece")]).empty_table()
    return pa.concat_tables(
        [nothing, *(rows.append_column("piece", pa.repeat(name, len(rows))) for name, rows in parts)]
    )
