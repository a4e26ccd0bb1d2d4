"""Files of keys and of encrypted counts, each with a header that says what belongs together."""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path

import pyarrow as pa

from lsif.errors import LsifError
from lsif.privacy.encrypted import SCHEME

SECRET_KEY, PUBLIC_KEY, COUNTS = "secret key", "public key", "counts"
HEADER = "header.json"


@dataclass(frozen=True)
class Header:
    """What a file is.

    Attributes:
        kind: one of `SECRET_KEY`, `PUBLIC_KEY`, `COUNTS`.
        key: identity of the pair of keys.
        scheme: of the ciphertexts.
        items: SHA-256 of the list of items, in whose order counts stand; empty of keys.
        size: how many items; 0 of keys.
        ds: the day of the counts; empty of keys.
        houses: identity of each house's counts that are in the sum; none of keys.
    """

    kind: str
    key: str
    scheme: str = SCHEME
    items: str = ""
    size: int = 0
    ds: str = ""
    houses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sealed:
    """A file's header and its content."""

    header: Header
    parts: tuple[bytes, ...]


def key_files(secret: bytes, public: bytes) -> tuple[Sealed, Sealed]:
    """A pair of keys as files."""
    key = hashlib.sha256(public).hexdigest()[:16]
    return Sealed(Header(SECRET_KEY, key), (secret,)), Sealed(Header(PUBLIC_KEY, key), (public,))


def counts_file(public: Sealed, parts: Sequence[bytes], ds: str, items: pa.Array) -> Sealed:
    """One house's ciphertexts as a file."""
    house = hashlib.sha256(b"".join(parts)).hexdigest()[:16]
    header = Header(COUNTS, public.header.key, SCHEME, items_hash(items), len(items), ds, (house,))
    return Sealed(header, tuple(parts))


def sum_of(headers: Sequence[Header]) -> Header:
    """The header of a sum of counts that `check_alike` lets pass."""
    return replace(headers[0], houses=tuple(house for one in headers for house in one.houses))


def check_alike(files: Sequence[tuple[str, Header]], wanted: Header) -> None:
    """Whether files of counts belong to `wanted`, by key, day and items, and none holds the counts of another.

    Raises:
        LsifError: one line on the first that does not.
    """
    seen: dict[str, str] = {}
    for name, header in files:
        for part in ("key", "ds", "size", "items"):
            if (found := getattr(header, part)) != (other := getattr(wanted, part)):
                raise LsifError(f"{name} does not belong here: its {part} is {found}, where {other} is wanted")
        for house in header.houses:
            if house in seen:
                raise LsifError(f"{name} holds counts that {seen[house]} holds too: give each house's file once")
            seen[house] = name


def items_hash(items: pa.Array) -> str:
    """Identity of a list of items."""
    return hashlib.sha256("\n".join(items.to_pylist()).encode()).hexdigest()


def agreed_items(file: Path) -> pa.Array:
    """The list that all houses hold: ids of items, one a line, in an order of which they have agreed.

    Raises:
        LsifError: it cannot be read, is empty, or has an item twice.
    """
    try:
        ids = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LsifError(f"cannot read the list of items {file}: {error}") from error
    if not ids or not all(ids) or len(set(ids)) < len(ids):
        raise LsifError(f"the list of items {file} is to have one id a line, each once, and no empty line")
    return pa.array(ids, pa.string())


def store(file: Path, sealed: Sealed) -> None:
    """Write a new file; that of a secret key can be read by its owner alone.

    Raises:
        LsifError: it is there, or cannot be written.
    """
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(HEADER, json.dumps(asdict(sealed.header)))
        for number, part in enumerate(sealed.parts):
            archive.writestr(f"{number:06d}", part)
    mode = 0o600 if sealed.header.kind == SECRET_KEY else 0o644
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise LsifError(f"{file} is there already: take it away, or give another name") from None
    except OSError as error:
        raise LsifError(f"cannot write {file}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as out:
        out.write(held.getvalue())


def opened(file: Path, kind: str) -> Sealed:
    """Read a file that must be of that kind.

    Raises:
        LsifError: it cannot be read, is damaged, is another kind of file, or of another release's scheme.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            said = json.loads(archive.read(HEADER))
            header = Header(**{**said, "houses": tuple(said["houses"])})
            parts = tuple(archive.read(name) for name in sorted(set(archive.namelist()) - {HEADER}))
    except OSError as error:
        raise LsifError(f"cannot read {file}: {error.strerror}") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError) as error:
        raise LsifError(f"{file} is damaged, or no file of keys or encrypted counts") from error
    if header.kind != kind:
        raise LsifError(f"{file} is a file of {header.kind}, where one of {kind} is wanted")
    if header.scheme != SCHEME:
        raise LsifError(f"{file} is of the scheme {header.scheme}; this release has {SCHEME}")
    return Sealed(header, parts)
