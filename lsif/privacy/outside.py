"""What names a user and is no table: pages, logs, and the files that were delivered, which are somebody else's."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.intake.files import delivered_files
from lsif.intake.places import NothingDelivered
from lsif.interests.paths import source_paths
from lsif.privacy.mentions import struck_out
from lsif.report.people import drawn
from lsif.sources import Catalogue, Source, Users
from lsif.tables import Tables

LOGS = ("logs", "airflow/logs")
"""Folders below LSIF_HOME."""
BLOCK = 2**22


def pages_with(tables: Tables, ids: Collection[str], days: Collection[str], folder: Path) -> dict[Path, list[str]]:
    """Pages of nights that show one of the users' lists = which of them.

    Args:
        tables: with the users' rows.
        days: those for which they have lists.
    """
    pages = {ds: folder / f"{ds}.html" for ds in sorted(days)}
    shown = {file: [one for one in drawn(tables, ds) if one in ids] for ds, file in pages.items() if file.exists()}
    return {file: users for file, users in shown.items() if users}


def strike_out(home: Path, found: re.Pattern[str]) -> dict[str, int]:
    """Put stars in place of ids in the logs, which keep their length: whoever writes them writes on.

    Returns:
        File, relative to the home = how often it named somebody.
    """
    struck: dict[str, int] = {}
    for file in (one for folder in LOGS for one in sorted((home / folder).rglob("*")) if one.is_file()):
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        if hits := len(found.findall(text)):
            with file.open("r+b") as out:
                out.write(struck_out(text, found).encode("utf-8", "surrogateescape"))
            struck[str(file.relative_to(home))] = hits
    return struck


def delivered_with(settings: Settings, days: Collection[str], found: re.Pattern[str]) -> list[str]:
    """Delivered files that name one of the users, of the days on which something of theirs arrived: for their owner to
    delete. Files of one path for all days are looked at, too."""
    wanted: list[tuple[Source | Users | Catalogue, str]] = []
    for name, paths in source_paths(settings, sorted(days)).items():
        wanted += [(settings.sources[name], path) for path in paths]
    if settings.users:
        given = settings.users
        wanted += [(given, path) for path in {settings.locate(given.path, ds) for ds in days}]
    return sorted({file for given, path in wanted for file in _files(given, path) if _names(file, found)})


def _files(given: Source | Users | Catalogue, path: str) -> Iterator[str]:
    try:
        yield from (file.path for file in delivered_files(given, path))
    except NothingDelivered:
        return
    except LsifError:  # damaged, or half away by now: its owner is to look at it
        yield path


def _names(path: str, found: re.Pattern[str]) -> bool:
    """Whether a file names one of the users; one that cannot be read may."""
    filesystem, inside = pafs.FileSystem.from_uri(path) if "://" in path else (pafs.LocalFileSystem(), path)
    try:
        if inside.endswith(".parquet"):
            with pq.ParquetFile(inside, filesystem=filesystem) as opened:
                return any(_in_rows(batch, found) for batch in opened.iter_batches())
        with filesystem.open_input_stream(inside, compression="detect") as stream:
            return found.search(stream.read().decode("utf-8", "surrogateescape")) is not None
    except (OSError, pa.ArrowInvalid):
        return True


def _in_rows(rows: pa.RecordBatch, found: re.Pattern[str]) -> bool:
    """Values stand in quotes, whatever they are: an id of digits alone is then told from a count."""
    return any(found.search(f'"{value}"') for column in rows.columns for value in column.to_pylist() if value)
