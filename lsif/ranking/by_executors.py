"""A night scored on a cluster: blocks of users go to the executors, rows come to the table as files of one commit.

What all users share (the model, the items, which files of which tables hold the users) is made once, in the driver, and
shipped once to each executor; users are read where they are scored. A row depends on nobody else's, so that it is the
same wherever and with whomever it is made.
"""

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from pyspark import Broadcast, TaskContext

from lsif.config import Settings
from lsif.features.evening import Evening
from lsif.features.known import BLOCK
from lsif.ranking.rows import of_variant
from lsif.ranking.scoring import Night
from lsif.ranking.tally import Tally
from lsif.ranking.trained import TrainedModel
from lsif.ranking.user_facts import UserFacts
from lsif.spark import session
from lsif.tables.write import Elsewhere, Writer

WAVES = 3
"""Parts for each core, at least: the last to end keeps the others waiting for a third of the work at most."""
USERS = 16 * BLOCK
"""Users of a part, at most: what a file of lists holds, and what a worker that dies has to make again."""


@dataclass(frozen=True)
class Shipped:
    """What an executor needs of the night; part `n` is of the users from `cuts[n]` to `cuts[n + 1]`."""

    night: Night
    ids: pa.Array
    cuts: Sequence[int]
    files: Elsewhere
    variant: str | None

    def write(self, part: int) -> tuple[str, Tally]:
        """Rows of a part in a file; returns its path inside the table, and what was counted."""
        (first, end), tally = self.cuts[part : part + 2], Tally()
        rows = self.night.rows_of(self.ids[first:end], tally)
        return self.files.write(of_variant(batch, self.variant) for batch in rows), tally

    def __reduce__(self) -> tuple[Callable[[bytes], "Shipped"], tuple[bytes]]:
        """As bytes: where Spark encrypts, PySpark writes to a broadcast what has a length, which buffers have not."""
        return _unpacked, (pickle.dumps(vars(self), pickle.HIGHEST_PROTOCOL),)


def _unpacked(packed: bytes) -> Shipped:
    return Shipped(**pickle.loads(packed))


def write_by_executors(
    writer: Writer,
    trained: TrainedModel,
    at: Evening,
    settings: Settings,
    facts: UserFacts,
    tally: Tally,
    variant: str | None = None,
) -> None:
    """Write every user's rows of the night by the executors of `LSIF_SPARK_MASTER`, and count what `Tally` does.

    Raises:
        LsifError: as `recommend_batches`.
        OutageError: Spark's master does not answer.
    """
    spark, ids = session("score_users"), at.people.ids
    cuts = _cuts(len(ids), spark.sparkContext.defaultParallelism)
    night = Night(trained, at, settings, facts=facts, told=True)
    night.count_items(tally)
    shipped = spark.sparkContext.broadcast(Shipped(night, ids, cuts, writer.elsewhere(at.ds), variant))
    parts = spark.range(0, len(cuts) - 1, numPartitions=max(len(cuts) - 1, 1))
    made = "part long, path string, tally string"
    rows = sorted(parts.mapInArrow(lambda batches: _written(shipped, batches), made).collect())
    writer.take_over(at.ds, [row["path"] for row in rows])
    for row in rows:
        tally.take(Tally.from_text(row["tally"]))


def _cuts(users: int, cores: int) -> list[int]:
    parts = max(WAVES * cores, -(-users // USERS))
    return sorted({int(cut) for cut in np.linspace(0, users, parts + 1)})


def _written(shipped: "Broadcast[Shipped]", batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    task = TaskContext.get()
    torch.set_num_threads(task.cpus() if task else 1)  # the executor's other cores have tasks of their own
    for batch in batches:
        made = [shipped.value.write(part) for part in batch["id"].to_pylist()]
        paths, tally = [path for path, _ in made], [counted.to_text() for _, counted in made]
        yield pa.record_batch({"part": batch["id"], "path": pa.array(paths, pa.string()), "tally": tally})
