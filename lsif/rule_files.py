"""Files of ids that rules of lists name, one id a line."""

import hashlib

import pyarrow as pa
import pyarrow.fs as pafs

from lsif.errors import LsifError


def ids_in(path: str) -> pa.Array:
    """The ids of a file; blank lines count for nothing.

    Raises:
        LsifError: there is no such file, or it is no UTF-8 text.
    """
    lines = _read(path).splitlines()
    return pa.array(sorted({line.strip() for line in lines} - {""}), pa.string())


def fingerprint(path: str) -> str:
    """Hash of what the file says.

    Raises:
        LsifError: as `ids_in`.
    """
    return hashlib.sha256(_read(path).encode()).hexdigest()[:16]


def _read(path: str) -> str:
    try:
        filesystem, inside = pafs.FileSystem.from_uri(path)
        with filesystem.open_input_stream(inside) as file:
            return bytes(file.read()).decode("utf-8-sig")
    except OSError as error:
        raise LsifError(f"a rule of the lists names the file {path}, which cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise LsifError(f"a rule of the lists names the file {path}, which is no UTF-8 text") from error
