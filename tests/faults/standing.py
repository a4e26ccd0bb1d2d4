"""What a table shows after a fault: whole days of one writer each, or what must never be."""

from pathlib import Path
from tempfile import TemporaryDirectory

from lsif.errors import LsifError
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.kept import Kept
from tests.faults.writing import DAYS, FILES, NEIGHBOUR, ROWS, TABLE, vectors


def begun(root: Path | str) -> Tables:
    """A world with a good day of each kind, written by `old`."""
    from tests.faults.writing import act

    for what in ("write", "stage", "append", "keep"):
        act({"what": what, "root": str(root), "tag": "old"})
    tables = Tables(str(root))
    writer = tables.writer(TABLE)
    writer.write(NEIGHBOUR, tables.read(TABLE, DAYS[:1]).drop_columns("ds"))
    writer.commit()
    return tables


def writers(tables: Tables, ds: str) -> dict[str, int]:
    """Whose rows a day shows, and how many of each."""
    found: dict[str, int] = {}
    for one in tables.read(TABLE, [ds])["item_id"].to_pylist():
        tag = one.partition("/")[0]
        found[tag] = found.get(tag, 0) + 1
    return found


def shown(tables: Tables) -> dict[str, str]:
    """The identity of each day of each table; the last day of each can be read."""
    found = {}
    for name, table in TABLES.items():
        if table.partitioned and (days := tables.days(name)):
            tables.read(name, days[-1:])
            found |= tables.fingerprints(name, days)
    return found


def doubled(tables: Tables) -> bool:
    """Whether a row of a day, or one that was added, is there twice."""
    keys = [tuple(row.values()) for row in tables.read(TABLE, columns=["ds", "item_id"]).to_pylist()]
    added = tables.read("item_vectors")["text_sha256"].to_pylist()
    return len(set(keys)) < len(keys) or len(set(added)) < len(added)


def whole(tables: Tables, *among: dict[str, str | None]) -> bool:
    """Whether the days show, all of them, one of the worlds of `among`: day → whose rows, None for a day that is gone;
    and the neighbour, what was added and what is kept are whole."""
    there = {ds: writers(tables, ds) for ds in (NEIGHBOUR, *DAYS)}
    worlds = [{ds: {tag: ROWS} if tag else {} for ds, tag in {NEIGHBOUR: "old", **one}.items()} for one in among]
    return there in worlds and _added_whole(tables) and _kept_whole(tables)


def _added_whole(tables: Tables) -> bool:
    ids = tables.read("item_vectors")["text_sha256"].to_pylist()
    tags = {one.partition("/")[0] for one in ids}
    return all(set(vectors(tables, tag)["text_sha256"].to_pylist()) <= set(ids) for tag in tags)


def _kept_whole(tables: Tables) -> bool:
    about = Kept(tables.root, "champion").about()
    if about is None:
        return False
    with TemporaryDirectory() as folder:
        Kept(tables.root, "champion").fetch(about["files"], Path(folder))
        return [file.read_text() for file in Path(folder).iterdir()] == [about["tag"]] * FILES


def staged_by(tables: Tables) -> str | None:
    """Who staged what is staged; None where it cannot be read."""
    try:
        staged = tables.staged(TABLE, DAYS[0])
        ids = staged.scan().to_table()["item_id"].to_pylist()
    except (LsifError, FileNotFoundError):
        return None
    tags = {one.partition("/")[0] for one in ids}
    return staged.notes["tag"] if tags == {staged.notes["tag"]} and len(ids) == ROWS else None


def is_staged(tables: Tables, name: str, ds: str) -> bool:
    """Whether a day of a table waits to be published."""
    try:
        return bool(tables.staged(name, ds))
    except LsifError:
        return False
