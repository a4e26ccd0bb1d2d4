"""Which files below a folder name a user: bytes of every file, and every value of every Parquet file, shown or not."""

from pathlib import Path

import pyarrow.parquet as pq


def files_naming(folder: Path, user: str) -> list[str]:
    return [str(file.relative_to(folder)) for file in sorted(folder.rglob("*")) if file.is_file() and names(file, user)]


def names(file: Path, user: str) -> bool:
    if user.encode() in file.read_bytes():
        return True
    return file.suffix == ".parquet" and user in str(pq.ParquetFile(file).read().to_pylist())
