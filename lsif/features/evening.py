"""What scoring reads at the end of one day, and the identity of it."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.features.known import Known, known_at
from lsif.interests.as_of import history_inputs
from lsif.tables import Tables


@dataclass(frozen=True)
class Evening:
    """What scoring reads at the end of one day: who did what, and the vectors of the catalogue's texts."""

    known: Known
    item_vectors: pa.Table


def evening(tables: Tables, ds: str, settings: Settings, encoder: str | None) -> Evening:
    """Read it; `encoder` names the text encoder of the model that will score, None without a model.

    Raises:
        MissingDays: something that the night before should have written is not there.
    """
    wanted = pc.field("encoder") == (encoder or "")
    return Evening(known_at(tables, ds, settings), tables.read("item_vectors", filter=wanted))


def evening_inputs(tables: Tables, ds: str, settings: Settings) -> dict[str, str]:
    """Fingerprints of everything `evening` reads; texts have the same vectors for ever, so those are left out."""
    popular = days_between(day_before(ds, settings.interests.popularity_days - 1), ds)
    catalogue = tables.newest_day("items", ds)
    read = {
        "recent_windows": [ds],
        "item_tiles": popular,
        "user_tiles": popular,
        "items": [catalogue] if catalogue else [],
    }
    found = history_inputs(tables, ds)
    for name, days in read.items():
        found |= tables.fingerprints(name, days)
    return found
