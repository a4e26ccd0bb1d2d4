"""Published lists as a stream: what a destination asks for, some rows at a time."""

import hashlib
import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lsif.delivery.standing import Load
from lsif.destinations import KEY, Destination
from lsif.errors import LsifError
from lsif.tables import Tables

TABLE = "recommendations"


class Published:
    """A day of `recommendations` as it is now, in the lists and columns that a destination names.

    Attributes:
        columns: `KEY`, and those.
        rows: how many have been read so far.
    """

    def __init__(self, tables: Tables, ds: str, destination: Destination) -> None:
        """
        Raises:
            MissingDays: nothing is published for `ds`.
        """
        self._tables, self._lists = tables.pinned(), destination.lists
        self._tables.require_days(TABLE, ds, ds)
        self.columns = (*KEY, *destination.columns)
        self.rows = 0
        wanted = [self._tables.fingerprint(TABLE, ds), self._lists, self.columns]
        self.load = Load(hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:16], ds)

    def batches(self) -> Iterator[pa.Table]:
        """Row groups of files, each by list, user and rank: a list of a user lies in one of them.

        Raises:
            LsifError: there is no row.
        """
        for rows in self._tables.row_groups(TABLE, self.load.ds, self.columns):
            chosen = rows if self._lists is None else rows.filter(pc.field("list").isin(list(self._lists)))
            self.rows += len(chosen)
            if len(chosen):
                order = [(name, "ascending") for name in ("list", "user_id", "rank")]
                yield chosen.select(list(self.columns)).sort_by(order)
        if not self.rows:
            of = f" in {', '.join(self._lists)}" if self._lists else ""
            raise LsifError(
                f"the lists of ds={self.load.ds} hold no row{of}: nothing was delivered, what is live stays"
            )
