"""What stands in the files below a folder: bytes of every file, and what compressed ones hold."""

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def files_naming(folder: Path, user: str) -> list[str]:
    return [str(file.relative_to(folder)) for file in sorted(folder.rglob("*")) if file.is_file() and names(file, user)]


def names(file: Path, user: str) -> bool:
    if user.encode() in file.read_bytes():
        return True
    return file.suffix == ".parquet" and user in str(pq.ParquetFile(file).read().to_pylist())


def contents(file: Path) -> Iterator[bytes]:
    """The file as it lies, the columns of a Parquet file one after the other, members of an archive."""
    yield file.read_bytes()
    if file.suffix == ".parquet":
        yield from _columns(pq.ParquetFile(file).read())
    elif file.suffix == ".gz":
        yield gzip.decompress(file.read_bytes())
    elif zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            yield from map(archive.read, archive.namelist())


def _columns(table: pa.Table) -> Iterator[bytes]:
    """Values of a column lie in one piece in Arrow's buffers."""
    for column in table.columns:
        for chunk in column.chunks:
            yield from (buffer.to_pybytes() for buffer in chunk.buffers() if buffer is not None)
