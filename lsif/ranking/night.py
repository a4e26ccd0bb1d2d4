"""Where scoring meets the tables: what it reads at one date, and the identity of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.interests.as_of import Known, catalogue_inputs, history_inputs, known_at
from lsif.ranking.scoring import recommend
from lsif.ranking.trained import TrainedModel
from lsif.tables import Staged, Tables


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
    read = {
        "recent_windows": [ds],
        "item_tiles": popular,
        "user_tiles": popular,
    }
    found = history_inputs(tables, ds) | catalogue_inputs(tables, ds)
    for name, days in read.items():
        found |= tables.fingerprints(name, days)
    return found


def lists_at(
    tables: Tables, ds: str, settings: Settings, trained: TrainedModel | None, users: Sequence[str] | None = None
) -> pa.Table:
    """What the night of `ds` would recommend, without writing it anywhere."""
    read = evening(tables, ds, settings, trained.index.text_encoder if trained else None)
    return recommend(trained, read.known, read.item_vectors, settings, users)


def staged_files(staged: Staged) -> str:
    """Identity of what is staged: names are fresh at every staging, so what was audited is what gets published."""
    return ", ".join(file.path for file in staged.files)
