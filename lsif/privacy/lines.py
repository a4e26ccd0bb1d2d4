"""The table `pseudonyms`: the way back from a pseudonym, a line a user, sealed under the key."""

from collections.abc import Callable, Collection, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.privacy.key import Key, key_of
from lsif.privacy.pseudonym import SEALED, unsealed
from lsif.tables import Tables
from lsif.tables.shared import replace_own

TABLE = "pseudonyms"
OF_USERS = ("events", "users")
"""Tables in which users come in."""


def unknown(tables: Tables, names: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Those pseudonyms, each once, that have no line yet, sorted."""
    found = pc.unique(names).drop_null()
    found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    known = tables.read(TABLE, columns=["user_id"])["user_id"]
    return found.filter(pc.invert(pc.is_in(found, value_set=known))).sort()


def add_lines(tables: Tables, key: Key, ds: str, sealed: pa.Table) -> None:
    """Add lines to those of `ds`, of users who have none: before the rows that name them are seen.

    Lines of before stay, also when a day is delivered again without their user: another day may name them.

    Args:
        sealed: `user_id` and `sealed`, a row a user.
    """
    new = pc.is_in(sealed["user_id"], value_set=unknown(tables, sealed["user_id"]))
    rows = sealed.filter(new).sort_by("user_id")
    if not len(rows):
        return
    lines = rows.append_column("key_id", pa.repeat(key.id, len(rows))).select(tables.schema(TABLE).names)
    others = ~pc.field("user_id").isin(rows["user_id"])
    replace_own(tables, TABLE, [ds], others, lambda writer: writer.write(ds, lines.cast(tables.schema(TABLE))))


def held_keys(tables: Tables) -> set[str]:
    """Names of the keys that users of these tables are pseudonyms of."""
    return set(pc.unique(tables.read(TABLE, columns=["key_id"])["key_id"]).to_pylist())


def check_key(tables: Tables, settings: Settings) -> None:
    """Refuse tables whose users are not named as the settings say: rows of two namings never meet.

    Raises:
        LsifError: they are named by another key, by a key where the settings have none, or by their ids where they
            have one.
    """
    held = held_keys(tables)
    if not settings.privacy.pseudonyms:
        if held:
            raise LsifError(
                f"users of these tables are pseudonyms of the key {', '.join(sorted(held))}, and [privacy] pseudonyms "
                "is not true: set it again with its key_file, or import the past into other tables (LSIF_TABLES)"
            )
        return
    key = key_of(settings)
    is_other = held - {key.id}
    is_plain = not held and any(rows for name in OF_USERS for rows in tables.rows(name).values())
    if is_other or is_plain:
        of = f"pseudonyms of the key {', '.join(sorted(held))}" if held else "their ids"
        raise LsifError(
            f"users of these tables are {of}, and [privacy] names the key {key.id}: go back to what it was, or "
            "`lsif rotate-key` takes all that is told of users out of the tables, and import the past again"
        )


def ids_behind(tables: Tables, settings: Settings, names: Collection[str]) -> dict[str, str]:
    """Pseudonym = id of those of the pseudonyms that have a line; none where users keep their ids.

    Raises:
        LsifError: as `revealing`.
    """
    if (ids := revealing(tables, settings)) is None:
        return {}
    known = tables.read(TABLE, columns=["user_id"])["user_id"]
    there = pc.unique(known.filter(pc.is_in(known, value_set=pa.array(names, pa.string())))).to_pylist()
    return dict(zip(there, ids(there), strict=True))


def opened(key: Key, sealed: pa.Table) -> Iterator[tuple[str, str]]:
    """Pseudonym and id of rows of `user_id` and `sealed`."""
    for name, line in zip(sealed["user_id"].to_pylist(), sealed[SEALED].to_pylist(), strict=True):
        yield name, unsealed(key, name, line)


def revealing(tables: Tables, settings: Settings) -> Callable[[Sequence[str]], list[str]] | None:
    """What says the ids of pseudonyms; None where users keep their ids.

    Raises:
        LsifError: the key is not there, or not that of the tables.
    """
    if not settings.privacy.pseudonyms:
        return None
    check_key(tables, settings)
    key, lines = key_of(settings), tables.read(TABLE, columns=["user_id", SEALED])
    place = {name: at for at, name in enumerate(lines["user_id"].to_pylist())}
    sealed = lines[SEALED]

    def ids(names: Sequence[str]) -> list[str]:
        if missing := [name for name in names if name not in place]:
            raise LsifError(
                f"{len(missing):,} users have no line in pseudonyms, {missing[0]} for one: they were erased, or never "
                "came in; lists that still name them are made again by their night (`lsif trigger --force --ds ...`)"
            )
        return [unsealed(key, name, sealed[place[name]].as_py()) for name in names]

    return ids
