"""Whether evidence is true of the model: what becomes of a score when the log lacks what is said to carry it.

Of some rows the user's history and window are taken once without the row's pieces of evidence and once without as many
others of the user's pieces as evidence may have, drawn by a seed; both go the whole way from numbers to scores. The
evidence of a row holds where its score falls further without it.

Shapes: T tests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.known import Users
from lsif.features.ragged import Array, exploded, indices_in, slices, starts
from lsif.features.vocabulary import ItemIndex
from lsif.ranking.evidence import HISTORY, MOST

Piece = tuple[int, int, int]
"""Kind, number of the item, and of events the number of their type."""
Scores = Callable[[Users, Array], Array]
"""Of users [T] with one item each, by number [T]."""


@dataclass(frozen=True)
class Test:
    """A row that is to be tested.

    Attributes:
        list: number of the list.
        user: position in the block.
        item: number.
        evidence: pieces of the row.
        others: all other pieces of the user, at least `MOST`.
        seed: of the draw.
    """

    list: int
    user: int
    item: int
    evidence: tuple[Piece, ...]
    others: tuple[Piece, ...]
    seed: int


def held(tests: Sequence[Test], users: Users, index: ItemIndex, types: Sequence[str], scores: Scores) -> Array:
    """Whether the evidence of each row holds [T]."""
    drawn = [np.random.default_rng(one.seed).choice(len(one.others), MOST, replace=False) for one in tests]
    others = [[one.others[at] for at in some] for one, some in zip(tests, drawn, strict=True)]
    left_out = [*(one.evidence for one in tests), *others]
    of = np.array([one.user for one in tests] * 2)
    found = scores(without(users, of, left_out, index, types), np.array([one.item for one in tests] * 2))
    return found[: len(tests)] < found[len(tests) :]


def without(
    users: Users, of: Array, left_out: Sequence[Sequence[Piece]], index: ItemIndex, types: Sequence[str]
) -> Users:
    """Users at positions `of` under new ids, as if what is left out of each had not been."""
    ids = pa.array([f"{number:08d}" for number in range(len(of))])
    gone = {
        (number, kind == HISTORY, item, type_ if kind != HISTORY else 0)
        for number, pieces in enumerate(left_out)
        for kind, item, type_ in pieces
    }
    size, count = len(index), len(types)
    keys = np.array([((n * 2 + rows) * size + item) * count + type_ for n, rows, item, type_ in gone], np.int64)

    def left(events: pa.Array, owner: Array, rows: bool) -> Array:
        item = index.items(pc.struct_field(events, "item_id"))
        type_ = 0 if rows else indices_in(pc.struct_field(events, "event_type"), pa.array(types))
        return (item < 0) | ~np.isin(((owner * 2 + rows) * size + item) * count + type_, keys)

    histories, windows, visits = (
        _of(users, table, of, ids) for table in (users.histories, users.windows, users.visits)
    )
    at = {name: indices_in(table["user_id"], ids) for name, table in (("items", histories), ("events", windows))}
    histories = _thinned(histories, "items", lambda events, row: left(events, at["items"][row], True))
    windows = _thinned(windows, "events", lambda events, row: left(events, at["events"][row], False))
    return replace(users, ids=ids, histories=histories, windows=windows, visits=visits)


def _of(users: Users, table: pa.Table, of: Array, ids: pa.Array) -> pa.Table:
    """Rows of users at positions `of`, each under its own of the ids."""
    user = indices_in(table["user_id"], users.ids)
    order = np.argsort(user, kind="stable")
    order = order[user[order] >= 0]
    flat, owner = slices(starts(user[order], len(users.ids)), of)
    rows = table.take(pa.array(order[flat]))
    named = ids.take(pa.array(owner)).cast(rows.schema.field("user_id").type)
    return rows.set_column(rows.column_names.index("user_id"), "user_id", named)


def _thinned(table: pa.Table, name: str, keep: Callable[[pa.Array, Array], Array]) -> pa.Table:
    """A table without some elements of its lists; `keep` says which stay, of all of them and the rows they are of."""
    owner, flat = exploded(table[name])
    kept = keep(flat, owner)
    flat = flat.combine_chunks() if isinstance(flat, pa.ChunkedArray) else flat
    ends = pa.array(starts(owner[kept], len(table)).astype(np.int32))
    lists = pa.ListArray.from_arrays(ends, flat.filter(pa.array(kept)))
    return table.set_column(table.column_names.index(name), name, lists)
