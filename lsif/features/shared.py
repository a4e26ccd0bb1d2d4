"""What all users share at one date, in the numbers of a model."""

from dataclasses import dataclass

import pyarrow as pa

from lsif.errors import LsifError
from lsif.features.item_features import item_factors_of, item_features
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex


@dataclass(frozen=True)
class Shared:
    """The items' side of everything that the model reads.

    Attributes:
        ds: the date; everything is as of its end.
        index: numbers of the items.
        item_features: [V, Q].
        item_factors: [V, 2K].
    """

    ds: str
    index: ItemIndex
    item_features: Array
    item_factors: Array


def shared(states: pa.Table, ds: str, index: ItemIndex, elsewhere: pa.Table | None = None) -> Shared:
    """Rows of `item_states` at `ds` in the numbers of `index`.

    Args:
        elsewhere: rows of `shared_popularity` that hold at `ds`.

    Raises:
        LsifError: an earlier release made them.
    """
    if states["takers"].null_count or states["buyers_minutes_decayed"].null_count:
        raise LsifError(
            f"item_states of ds={ds} are of an earlier release and know no last minutes: "
            f"python jobs/item_states.py --ds {ds} makes them again"
        )
    features = item_features(states, index, elsewhere, index.age(ds))
    return Shared(ds, index, features, item_factors_of(states, index))
