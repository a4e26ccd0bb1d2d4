"""Lists of a day as a stream: what a destination asks for, some rows at a time."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lsif.delivery.standing import Load
from lsif.destinations import AS_JSON, Destination
from lsif.errors import LsifError
from lsif.privacy.pseudonym import USER
from lsif.tables import Tables


class Published:
    """A day of a table of lists as it is now, in the lists and columns that a destination names.

    Attributes:
        shape: of the rows.
        rows: how many have been read so far.
    """

    def __init__(
        self,
        tables: Tables,
        ds: str,
        destination: Destination,
        ids: Callable[[Sequence[str]], list[str]] | None = None,
    ) -> None:
        """
        Args:
            ids: what says the ids of users who are pseudonyms in the tables.

        Raises:
            MissingDays: nothing is published for `ds`.
        """
        self._tables, self._lists, self._ids = tables.pinned(), destination.lists, ids
        self._tables.require_days(destination.of, ds, ds)
        self.shape = destination.shape
        self.rows = 0
        wanted = [self._tables.fingerprint(destination.of, ds), self._lists, self.shape.names]
        self.load = Load(hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:16], ds)

    def batches(self) -> Iterator[pa.Table]:
        """Row groups of files, each by owner and rank: a list lies in one of them.

        Raises:
            LsifError: there is no row.
        """
        for rows in self._tables.row_groups(self.shape.of, self.load.ds, self.shape.names):
            chosen = rows if self._lists is None else rows.filter(pc.field("list").isin(list(self._lists)))
            self.rows += len(chosen)
            if len(chosen):
                order = [(name, "ascending") for name in (*self.shape.owner, "rank")]
                yield _with_texts(self._named(chosen.select(list(self.shape.names))).sort_by(order))
        if not self.rows:
            of = f" in {', '.join(self._lists)}" if self._lists else ""
            raise LsifError(
                f"the lists of ds={self.load.ds} hold no row{of}: nothing was delivered, what is live stays"
            )

    def _named(self, rows: pa.Table) -> pa.Table:
        if self._ids is None or USER not in rows.column_names:
            return rows
        names = pc.dictionary_encode(rows[USER].combine_chunks())
        ids = pa.array(self._ids(names.dictionary.to_pylist()), pa.string())
        return rows.set_column(rows.column_names.index(USER), USER, ids.take(names.indices))


def _with_texts(rows: pa.Table) -> pa.Table:
    """Rows whose days are texts inside of nested columns too, as JSON wants them."""
    for name in set(AS_JSON) & set(rows.column_names):
        of = rows.schema.field(name).type.value_type
        told = [pa.field(part.name, pa.string() if pa.types.is_date(part.type) else part.type) for part in of]
        rows = rows.set_column(rows.column_names.index(name), name, rows[name].cast(pa.list_(pa.struct(told))))
    return rows
