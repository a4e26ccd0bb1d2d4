"""An evening whose people are stand-ins: tables of their events alone, read as the night reads its own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow as pa

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.features.evening import Evening, People, people_before
from lsif.features.known import Everyone, Users
from lsif.interests.tiles import COLUMNS, tiles_of_day
from lsif.interests.windows import windows_at
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema

STAND_INS = "stand_ins.parquet"


@dataclass(frozen=True)
class Asked:
    """People, and those too of whom nothing is left.

    Attributes:
        folder: of the tables that they are read from, which lives as long as they do.
    """

    ids: pa.Array
    known: People
    folder: TemporaryDirectory[str]

    def blocks(self, ids: pa.Array) -> Iterator[Users]:
        return self.known.blocks(ids)


def with_stand_ins(read: Evening, given: Path, settings: Settings) -> Evening:
    """The evening with the stand-ins of `given` in the place of its people; as it is where there are none."""
    if not (given / STAND_INS).exists():
        return read
    ids = pl.read_parquet(given / STAND_INS)["user_id"].sort()
    events = pl.read_parquet(given / "events.parquet")
    folder = TemporaryDirectory(prefix="stand-ins-")
    tables = Tables(folder.name)
    theirs = events.filter(pl.col("user_id").is_in(ids.implode()))
    _write(tables, theirs, days_between(f"{events['event_time'].min():%F}", read.ds), settings)
    people, earlier = Everyone(tables, read.ds, settings), people_before(tables, read.ds, settings)
    asked = ids.to_arrow().cast(pa.string())
    return replace(read, people=Asked(asked, people, folder), earlier=Asked(asked, earlier, folder))


def _write(tables: Tables, events: pl.DataFrame, days: list[str], settings: Settings) -> None:
    """Tiles of all days and the windows that are read, as the jobs leave them; an event arrived on its day."""
    writers = {name: tables.writer(name) for name in ("events", "history_tiles", "user_tiles", "recent_windows")}
    by_day = {f"{day:%F}": rows for (day,), rows in events.group_by(pl.col("event_time").dt.date())}
    for day in days:
        writers["events"].write(day, _SCHEMA.empty_table())  # they say when the log began, and nothing else
        tiles = tiles_of_day(_arrow(by_day.get(day, events.clear())))
        for name in ("history_tiles", "user_tiles"):
            writers[name].write(day, tiles[name])
    how, said = settings.interests, _arrow(events)
    said = said.append_column("query", pa.nulls(len(said), pa.string()))  # no peer reads searches
    for day in (day_before(days[-1], how.recent_days), days[-1]):
        writers["recent_windows"].write(day, windows_at(said, day, how.recent_days, how.window_events))
    for writer in writers.values():
        writer.commit()


def _arrow(events: pl.DataFrame) -> pa.Table:
    fields = [_SCHEMA.field(name) for name in COLUMNS]
    return events.select(COLUMNS).to_arrow().cast(pa.schema(fields))


_SCHEMA = arrow_schema(TABLES["events"], with_ds=False)
