"""Rows that were written and are not seen yet: read, audited, then published by one commit."""

from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow.dataset as pads
from deltalake import DeltaTable

from lsif.failpoints import failpoint
from lsif.table_schema import TableSchema
from lsif.tables.answering import answering
from lsif.tables.commits import commit
from lsif.tables.files import DataFile, scan, visible_files


@answering
@dataclass(frozen=True)
class Staged:
    """Files written and not yet visible: read them, then commit them.

    `mark` is the day's counter as this commit will leave it: one more than the writer found.
    """

    path: str
    table: TableSchema
    ds: str
    files: list[DataFile]
    mark: int
    notes: dict[str, str]
    written: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"staged {self.table.name}/{self.ds}"

    @property
    def identity(self) -> str:
        """Of what is staged: names are fresh at every staging, so what was audited is what gets published."""
        return ", ".join(file.path for file in self.files)

    def scan(self) -> pads.Dataset:
        """The staged rows, without `ds`, to be read as a stream."""
        return scan(self.path, self.table, self.files)

    def commit(self) -> int:
        """Publish; a second call finds its own files there and changes nothing.

        Raises:
            Superseded: the day was replaced since the files were staged.
        """
        failpoint("before_publish")
        visible = {file.path for file in visible_files(DeltaTable(self.path))}
        if not visible.issuperset(file.path for file in self.files):
            commit(self.path, self.table, self.files, {self.ds: self.mark}, {})
        failpoint("after_publish")
        self.written.add(f"{self.table.name}/{self.ds}")
        return sum(file.rows for file in self.files)

    def manifest(self) -> dict[str, Any]:
        return {"files": [asdict(file) for file in self.files], "mark": self.mark, "notes": self.notes}
