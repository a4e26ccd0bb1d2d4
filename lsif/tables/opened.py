"""Opening tables: each by its log, as it is now or as it was at the first look."""

import re

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from lsif.errors import LsifError
from lsif.outages import explained
from lsif.schema import TABLES
from lsif.table_schema import TableSchema
from lsif.tables.answering import answering
from lsif.tables.door import arrow_schema, check_table
from lsif.tables.files import DataFile, visible_files


@answering
class Opened:
    """Tables under one root, and the files that their readers see.

    Args:
        root: local folder or object-store URL; credentials and endpoint come from the usual AWS_* variables.
    """

    def __init__(self, root: str) -> None:
        self.root = re.sub("^s3a://", "s3://", str(root)).rstrip("/")  # s3a is what Spark alone calls it
        self._pinned: dict[str, DeltaTable | None] | None = None

    def path(self, name: str) -> str:
        return f"{self.root}/{schema_of(name).name}"

    def schema(self, name: str) -> pa.Schema:
        """Arrow schema of the data columns, without `ds`."""
        return arrow_schema(schema_of(name), with_ds=False)

    def files(self, name: str) -> list[DataFile]:
        """The files that readers of a table see; none where there is no table."""
        return self._files(name)

    def _handle(self, name: str) -> DeltaTable | None:
        if self._pinned is None:
            return self._opened(name)
        if name not in self._pinned:
            self._pinned[name] = self._opened(name)
        return self._pinned[name]

    def _opened(self, name: str) -> DeltaTable | None:
        try:
            handle = DeltaTable(self.path(name))
        except TableNotFoundError:
            return None
        except OSError as error:  # no such bucket, no right to it, nobody at the endpoint
            raise explained(f"cannot open the table {self.path(name)}", error) from error
        except DeltaError as error:  # a line of its log that is none, or that is missing
            raise explained(f"the log of the table {self.path(name)} is damaged", error) from error
        check_table(schema_of(name), pa.schema(handle.schema().to_arrow()))
        return handle

    def _files(self, name: str) -> list[DataFile]:
        handle = self._handle(name)
        return [] if handle is None else visible_files(handle)


def schema_of(name: str) -> TableSchema:
    if name not in TABLES:
        raise LsifError(f"no table {name!r}; there are {', '.join(TABLES)}")
    return TABLES[name]
