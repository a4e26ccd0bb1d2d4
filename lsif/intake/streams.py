"""The bytes of a delivered file, unpacked by what they are and not by what the name says."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

import pyarrow as pa

from lsif.errors import LsifError
from lsif.intake.places import filesystem_of
from lsif.outages import explained, is_outage

PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
OTHER = {
    b"PAR1": 'a Parquet file: set format = "parquet"',
    b"PK\x03\x04": "a zip archive (or a spreadsheet): unpack it, or save it as CSV",
    b"ORC": "an ORC file: convert it to Parquet",
    b"Obj\x01": "an Avro file: convert it to Parquet",
    b"SQLite format 3": "a SQLite database: export the table as CSV",
    b"%PDF": "a PDF",
}
WIDE = (b"\xff\xfe", b"\xfe\xff")
"""What UTF-16 begins with."""
NO_TEXT = [bytes([code]) for code in (*range(2, 9), *range(14, 27))]
"""Control codes that stand in no text; 1 parts the columns of some databases' exports."""
DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException)
HEAD = 4096
CHUNK = 2**20
PIECE = 2**14
"""Bytes that are unpacked at once where it is told how far a damaged file can be read."""


def packing(head: bytes) -> str:
    """How a file that begins so is compressed; empty when it is not."""
    return next((name for magic, name in PACKED.items() if head.startswith(magic)), "")


def head_of(path: str) -> bytes:
    filesystem, inside = filesystem_of(path)
    with filesystem.open_input_stream(inside, compression=None) as stream:
        return bytes(stream.read(HEAD))


@contextmanager
def unpacked(path: str) -> Iterator[IO[bytes]]:
    """A file's bytes, decompressed."""
    filesystem, inside = filesystem_of(path)
    packed = packing(head_of(path))
    with filesystem.open_input_stream(inside, compression=None) as stream:
        if packed == "gzip":
            yield cast(IO[bytes], gzip.GzipFile(fileobj=stream))
        elif packed == "bz2":
            yield cast(IO[bytes], bz2.BZ2File(stream))
        elif packed == "xz":
            yield cast(IO[bytes], lzma.LZMAFile(stream))  # noqa: SIM115
        elif packed == "zstd":
            yield cast(IO[bytes], io.BufferedReader(pa.CompressedInputStream(stream, "zstd")))
        else:
            yield cast(IO[bytes], io.BufferedReader(stream, CHUNK))


def check_text(path: str, encoding: str) -> None:
    """Refuse what is no text of that encoding from its first bytes on.

    Raises:
        LsifError: it is of another kind; the line says of which, and what to set.
    """
    with unpacked(path) as stream:
        head = stream.read(HEAD)
    for magic, what in OTHER.items():
        if head.startswith(magic):
            raise LsifError(f"{path} is {what}")
    if packing(head):
        raise LsifError(f"{path} is compressed twice: unpack it once")
    wide = encoding.startswith(("utf-16", "utf-32"))
    if not wide and head.startswith(WIDE):
        raise LsifError(f'{path} is text in UTF-16: set encoding = "utf-16"')
    if not wide and head.count(0) * 4 > len(head):
        raise LsifError(f"{path} is no text in {encoding}, it is full of zero bytes: set encoding, or format")
    if not wide and sum(map(head.count, NO_TEXT)) * 10 > len(head):
        raise LsifError(f"{path} is no text in {encoding}, it is full of signs that nobody writes: set format")


def check_whole(path: str) -> None:
    """Read a compressed file to its end.

    Raises:
        LsifError: it was cut off or is damaged; the line names the row after which nothing can be read.
    """
    if not packing(head_of(path)):
        return
    rows = 0
    try:
        with unpacked(path) as stream:
            while chunk := stream.read(PIECE):
                rows += chunk.count(b"\n")
    except DAMAGE as error:
        if is_outage(error):
            raise explained(f"{path} cannot be read", error) from error
        raise LsifError(f"{path} is cut off or damaged after row {rows:,}: {_said(error)}; deliver it again") from error


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
