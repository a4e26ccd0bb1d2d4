"""Where scoring meets the tables."""

from collections.abc import Sequence

import pyarrow as pa

from lsif.config import Settings
from lsif.features.evening import evening
from lsif.ranking.scoring import recommend
from lsif.ranking.trained import TrainedModel
from lsif.tables import Tables


def lists_at(
    tables: Tables, ds: str, settings: Settings, trained: TrainedModel | None, users: Sequence[str] | None = None
) -> pa.Table:
    """What the night of `ds` would recommend, without writing it anywhere."""
    at = evening(tables, ds, settings, trained.index.text_encoder if trained else None)
    return recommend(trained, at, settings, users)
