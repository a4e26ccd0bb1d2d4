"""The table `user_interests` from what is known at the end of a day, some users at a time."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.features.evening import people_before
from lsif.features.history import history
from lsif.features.known import Everyone
from lsif.features.themes import Listed, interests, themes
from lsif.interests.as_of import catalogue_at, catalogue_inputs, earlier_day, history_inputs
from lsif.interests.bases import history_settings
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema

SCHEMA = arrow_schema(TABLES["user_interests"], with_ds=False)


def interest_inputs(tables: Tables, ds: str, settings: Settings) -> dict[str, str]:
    """Fingerprints of everything that `user_interests` reads."""
    how = history_settings(settings)
    found = history_inputs(tables, ds, how) | catalogue_inputs(tables, ds)
    before = earlier_day(tables, ds, settings.interests.recent_days)
    return found | (history_inputs(tables, before, how) if before else {})


def user_interests(tables: Tables, ds: str, settings: Settings, without: pa.Array) -> Iterator[pa.RecordBatch]:
    """Rows by user, of all with a history but for those who want no profile (`without`).

    Raises:
        MissingDays: something that the night before should have written is not there.
    """
    tables = tables.pinned()
    now, before = Everyone(tables, ds, settings), people_before(tables, ds, settings)
    items, how = catalogue_at(tables, ds), settings.interests
    index = Listed(items["item_id"].cast(pa.string()).combine_chunks())
    columns = [themes(items, name) for name in settings.user_interests.columns]
    ids = now.with_history.filter(pc.invert(pc.is_in(now.with_history, value_set=without)))
    for span in now.spans(ids):
        known, earlier = (
            history(people.histories_of(span), people.ds, index, span, len(how.half_lives_days), how.last_days)
            for people in (now, before)
        )
        rows = [interests(span, known, earlier, one, settings, ds) for one in columns]
        together = pa.concat_tables(rows).cast(SCHEMA)
        order = pc.sort_indices(pc.index_in(together["user_id"], value_set=span))
        yield from together.take(order).to_batches()
