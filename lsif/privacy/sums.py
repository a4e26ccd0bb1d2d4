"""Popularity that several houses share without showing each other their counts: keys, encrypt, add, decrypt."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from lsif.differential import Differential
from lsif.errors import LsifError
from lsif.features.elsewhere import SHARED
from lsif.privacy.encrypted import added, decrypted, encrypted, new_keys
from lsif.privacy.noise import noisy_counts
from lsif.privacy.sealed import (
    COUNTS,
    PUBLIC_KEY,
    SECRET_KEY,
    Sealed,
    agreed_items,
    check_alike,
    counts_file,
    items_hash,
    key_files,
    opened,
    store,
    sum_of,
)
from lsif.privacy.takers import takers
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema


def identity(file: Path) -> str:
    """SHA-256 of a file's content.

    Raises:
        LsifError: it cannot be read.
    """
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise LsifError(f"cannot read {file}: {error.strerror}") from error


def make_keys(secret: Path, public: Path) -> str:
    """Write a new pair of keys; gives its identity."""
    both = key_files(*new_keys())
    for file, sealed in zip((secret, public), both, strict=True):
        store(file, sealed)
    return both[0].header.key


def encrypt(tables: Tables, ds: str, how: Differential, public: Path, items: Path, to: Path) -> int:
    """Write this house's counts of the agreed items as known at `ds`; returns how many items.

    Raises:
        MissingDays: a tile of the days that are counted is missing.
        LsifError: a file will not do.
    """
    key, ids = opened(public, PUBLIC_KEY), agreed_items(items)
    counts = takers(tables, ds, ids, how.user_items)
    if how.release_epsilon:
        counts = noisy_counts(counts, how.release_epsilon, how.user_items)
    else:
        print("warning: without [privacy] release_epsilon whoever sees the sum learns of single users", file=sys.stderr)
    store(to, counts_file(key, encrypted(counts, key.parts[0]), ds, ids))
    return len(ids)


def add(ds: str, public: Path, counts: list[Path], to: Path) -> int:
    """Write the sum of files of counts; returns how many houses are in it. No secret key has a part in it.

    Raises:
        LsifError: they are fewer than two, or do not belong together.
    """
    if len(counts) < 2:
        raise LsifError("a sum needs --counts FILE FILE: the encrypted counts of two houses or more")
    key, houses = opened(public, PUBLIC_KEY), [opened(file, COUNTS) for file in counts]
    headers = [one.header for one in houses]
    wanted = replace(headers[0], key=key.header.key, ds=ds)
    check_alike([(str(file), header) for file, header in zip(counts, headers, strict=True)], wanted)
    total = added([one.parts for one in houses], key.parts[0])
    store(to, Sealed(sum_of(headers), tuple(total)))
    return len(sum_of(headers).houses)


def decrypt(tables: Tables, ds: str, secret: Path, items: Path, total: Path, least: int) -> int:
    """Replace `ds` of the table `shared_popularity` by the sum; returns how many items have a count of `least` or more.

    Raises:
        LsifError: the sum is of other items, of another day or under another key, or of one house alone.
    """
    key, ids, found = opened(secret, SECRET_KEY), agreed_items(items), opened(total, COUNTS)
    wanted = replace(found.header, key=key.header.key, items=items_hash(ids), size=len(ids), ds=ds)
    check_alike([(str(total), found.header)], wanted)
    if len(found.header.houses) < 2:
        raise LsifError(f"{total} holds the counts of one house alone: its sum with others is to be decrypted")
    counts = decrypted(found.parts, key.parts[0])
    rows = pa.table({"item_id": ids, "count": counts}).filter(pa.array(counts >= least)).sort_by("item_id")
    writer = tables.writer(SHARED)
    writer.write(ds, rows.cast(arrow_schema(TABLES[SHARED], with_ds=False)))
    return writer.commit()
