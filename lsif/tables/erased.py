"""What readers hide: rows of users who are to be erased and whose rows no purge has taken out yet.

The table `erased_users` says who: pseudonyms under a key that lies outside of the tables. Nobody on the list costs a
look for that table; somebody costs a look at the ids of every file that is read.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from lsif.privacy.erasure_key import erasure_key

ERASED = "erased_users"
ASKED, PURGED, UNDONE = "asked", "purged", "undone"
"""What the list says of a user; the last line counts."""
USER = "user_id"


@dataclass(frozen=True)
class Hidden:
    """Users whose rows are not to be seen.

    Attributes:
        pseudonyms: binary; of whom.
        key: by which they were made.
    """

    pseudonyms: frozenset[bytes]
    key: bytes
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def among(self, ids: pa.Array | pa.ChunkedArray) -> list[str]:
        """Those of some ids (distinct) that are hidden."""
        texts = ids.cast(pa.string()).to_pylist()
        return [text for text in texts if text is not None and self.holds(text)]

    def holds(self, user: str) -> bool:
        return hmac.digest(self.key, user.encode(), "sha256") in self.pseudonyms

    def in_files(self, paths: Iterable[str]) -> pa.Array:
        """Ids of hidden users in files (URLs or paths) that hold `user_id`."""
        found: dict[str, None] = {}
        for path in paths:
            if path not in self._known:
                self._known[path] = tuple(self.among(users_in(path)))
            found |= dict.fromkeys(self._known[path])
        return pa.array(sorted(found), pa.string())


def users_in(path: str) -> pa.Array:
    """Distinct ids of users in a file."""
    filesystem, inside = pafs.FileSystem.from_uri(path)
    with pq.ParquetFile(inside, filesystem=filesystem) as opened:
        ids = opened.read(columns=[USER], use_threads=False)[USER].cast(pa.string())
    return ids.unique()


def latest(rows: pa.Table) -> dict[str, str]:
    """What the list says of each user last: pseudonym = one of `ASKED`, `PURGED` and `UNDONE`."""
    lines = rows.select(["seq", "pseudonym", "status"]).sort_by("seq").to_pylist()
    return {line["pseudonym"]: line["status"] for line in lines}


def hidden(last: Mapping[str, str], *statuses: str) -> Hidden | None:
    """Those of whom the list says one of `statuses` last; None where that is nobody.

    Raises:
        LsifError: there is somebody, and no key.
    """
    chosen = frozenset(bytes.fromhex(who) for who, status in last.items() if status in statuses)
    return Hidden(chosen, erasure_key()) if chosen else None
