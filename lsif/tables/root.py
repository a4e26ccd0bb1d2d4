"""Where the tables lie."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from lsif.errors import LsifError
from lsif.outages import explained


def require_writable(root: str) -> None:
    """Raises LsifError when nothing can be written below a folder or URL; makes nothing itself."""
    try:
        filesystem, inside = pafs.FileSystem.from_uri(root)
    except (OSError, pa.ArrowInvalid) as error:
        raise explained(f"cannot write tables below {root}", error) from error
    if isinstance(filesystem, pafs.LocalFileSystem):
        there = next(place for place in (Path(inside), *Path(inside).parents) if place.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise LsifError(f"cannot write tables below {root}: {there} is no folder that can be written to")
