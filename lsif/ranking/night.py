"""Where scoring meets the tables."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from lsif.config import Interest, Settings
from lsif.errors import LsifError
from lsif.features.evening import Evening, evening
from lsif.ranking.scoring import recommend, recommend_batches
from lsif.ranking.trained import TrainedModel
from lsif.spark_master import is_local, spark_master
from lsif.tables import Tables
from lsif.tables.write import Writer


def write_lists(writer: Writer, trained: TrainedModel | None, at: Evening, settings: Settings) -> None:
    """Every user's lists, written and not visible yet: by this process, or by the executors where there is a cluster.

    Raises:
        LsifError: as `recommend_batches`, or Spark's master does not answer.
    """
    if trained is None or is_local(spark_master()):
        writer.write(at.ds, recommend_batches(trained, at, settings))
        return
    from lsif.ranking.by_executors import write_by_executors  # and Spark, which one machine scores without

    write_by_executors(writer, trained, at, settings)


def lists_at(
    tables: Tables,
    ds: str,
    settings: Settings,
    trained: TrainedModel | None,
    users: Sequence[str] | None = None,
    only: Interest | None = None,
) -> pa.Table:
    """What the night of `ds` would recommend, without writing it anywhere."""
    return recommend(trained, _evening(tables, ds, settings, trained), settings, users, only)


def parts_at(
    tables: Tables, ds: str, settings: Settings, trained: TrainedModel, users: Sequence[str]
) -> Iterator[pa.Table]:
    """The same, some users at a time: each part is let go before the next is made."""
    batches = recommend_batches(trained, _evening(tables, ds, settings, trained), settings, users)
    return (pa.Table.from_batches([batch]) for batch in batches)


def _evening(tables: Tables, ds: str, settings: Settings, trained: TrainedModel | None) -> Evening:
    return evening(tables, ds, settings, trained.index.text_encoder if trained else None)


def lists_of(tables: Tables, ds: str, settings: Settings, trained: TrainedModel | None, user: str) -> str:
    """One user's lists of the night of `ds`, as text.

    Raises:
        LsifError: nothing is known of the user.
    """
    rows = lists_at(tables, ds, settings, trained, [user])
    if not len(rows):
        raise LsifError(f"nothing is known of user {user} at the end of {ds}: there is no list to print")
    return str(rows.to_pandas().to_string(index=False))
