"""The tables' part of a purge: files written anew without the users, and those that held them deleted."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.interests.bases import tiles_digest
from lsif.privacy.look import Found, user_fields, without_rejected
from lsif.privacy.mentions import struck_out
from lsif.privacy.scope import SCOPES, reached
from lsif.stale import TRAINING_STEPS
from lsif.tables import Tables
from lsif.tables.erased import USER, Hidden
from lsif.tables.files import DataFile
from lsif.tables.purging import Change, Purging

BASES, LEDGER, LOG = "long_term_histories", "runs", "events"
Identities = dict[str, tuple[str, str]]
"""`table/ds` = its fingerprint before and after."""


@dataclass
class TakingOut:
    """One purge of the tables.

    Attributes:
        users: who is to leave.
        words: what finds their ids in texts.
        bases: days of the bases that held the tiles before.
        changed: days whose files are others now, and hold the same but for the users.
    """

    tables: Tables
    settings: Settings
    users: Hidden
    found: Found
    words: re.Pattern[str]
    bases: Collection[str]
    changed: Identities = field(default_factory=dict)
    old: dict[str, set[str]] = field(default_factory=dict)

    def run(self) -> None:
        """Item tiles first, while the log says on which days the users were counted; the log itself last, since who is
        to be erased is found there again when this is killed."""
        self._item_tiles()
        for name in reached("text", "raw"):
            if name != LEDGER:
                self._texts(name)
        for name in reached("rows"):
            if name not in (BASES, LOG):
                self._rows(name)
        digest = tiles_digest(self.tables)
        self._rows(BASES, {ds: digest(ds) for ds in self.bases})
        self._rows(LOG)
        self._ledger()
        self._delete()

    def _rows(self, name: str, made: Mapping[str, int] | None = None) -> None:
        held = self.found.held[name]
        self._rewrite(name, lambda file: file.path in held, self._without_users, made)

    def _rewrite(
        self, name: str, holding: Callable[[DataFile], bool], change: Change, made: Mapping[str, int] | None = None
    ) -> None:
        purging = Purging(self.tables, name)
        days = sorted({file.ds for file in purging.seen() if file.ds and holding(file)})
        before = self.tables.fingerprints(name, days)
        purging.commit(holding, change, made)
        after = self.tables.fingerprints(name, days)
        self.changed |= {day: (before[day], after[day]) for day in before}
        self.old.setdefault(name, set()).update(purging.made)

    def _without_users(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        gone = pa.array(sorted(self.found.ids.values()), pa.string())
        return rows.filter(pc.invert(pc.is_in(rows[USER].cast(pa.string()), value_set=gone)))

    def _texts(self, name: str) -> None:
        purging, texts = Purging(self.tables, name), SCOPES[name].texts
        held = {path for path in purging.stored() if self._is_named(purging, path, texts)} | self.found.held[name]
        self.found.held[name] |= held
        fields = user_fields(self.settings)

        def change(rows: pa.RecordBatch) -> pa.RecordBatch:
            if SCOPES[name].reach == "raw":
                return without_rejected(rows, self.users, fields)
            return self._struck_out(rows, texts)

        self._rewrite(name, lambda file: file.path in held, change)

    def _is_named(self, purging: Purging, path: str, texts: Collection[str]) -> bool:
        if SCOPES[purging.name].reach == "raw":
            return False  # rows were looked at one by one
        try:
            columns = [purging.column(path, text) for text in texts]
        except pa.ArrowInvalid:
            self.found.broken.append(f"{purging.name}/{path}")
            return False
        return any(self.words.search(text) for column in columns for text in column.to_pylist() if text)

    def _struck_out(self, rows: pa.RecordBatch, texts: Collection[str]) -> pa.RecordBatch:
        for name in texts:
            told = [None if text is None else struck_out(text, self.words) for text in rows[name].to_pylist()]
            column = pa.array(told, rows.schema.field(name).type)
            rows = rows.set_column(rows.schema.get_field_index(name), name, column)
        return rows

    def _item_tiles(self) -> None:
        """Counts of the days on which the users were counted, without them."""
        there, log = set(self.tables.days("item_tiles")), set(self.tables.days(LOG))
        events = {file.path: file.ds for file in Purging(self.tables, LOG).seen()}
        days = sorted({str(events[path]) for path in self.found.held[LOG] & events.keys()} & there & log)
        if not days:
            return
        from lsif.interests.tiles import (  # and Spark, which a purge without them does not wait for
            COLUMNS,
            tiles_of_day,
        )

        before = self.tables.fingerprints("item_tiles", days)
        writer = self.tables.writer("item_tiles")
        for ds, rows in self.tables.hiding(self.users).by_day(LOG, days, COLUMNS):
            writer.write(ds, tiles_of_day(rows)["item_tiles"])
        writer.commit()
        after = self.tables.fingerprints("item_tiles", days)
        self.changed |= {day: (before[day], after[day]) for day in before}

    def _ledger(self) -> None:
        """Steps read what they read: the days are the same but for the users, so nothing is stale; only trainings are,
        whose models learned from them."""
        purging, texts = Purging(self.tables, LEDGER), SCOPES[LEDGER].texts
        held = {path for path in purging.stored() if self._is_named(purging, path, texts)}
        self.found.held[LEDGER] |= held
        renamed = {before: after for before, after in self.changed.values() if before != after}

        def change(rows: pa.RecordBatch) -> pa.RecordBatch:
            steps, read = rows["step"].to_pylist(), rows["inputs"].to_pylist()
            told = [
                one if step in TRAINING_STEPS else _renamed(one, renamed) for step, one in zip(steps, read, strict=True)
            ]
            rows = rows.set_column(
                rows.schema.get_field_index("inputs"), "inputs", pa.array(told, rows.schema.field("inputs").type)
            )
            return self._struck_out(rows, texts)

        def holding(file: DataFile) -> bool:
            inputs = purging.column(file.path, "inputs").to_pylist()
            return file.path in held or any(_renamed(one, renamed) != one for one in inputs)

        self._rewrite(LEDGER, holding, change)

    def _delete(self) -> None:
        """Every file that held them, seen once or never shown. Of the ledger's, others stay for who reads them."""
        for name, held in self.found.held.items():
            Purging(self.tables, name).delete(sorted(held))


def _renamed(inputs: str | None, renamed: Mapping[str, str]) -> str | None:
    if not inputs or not renamed:
        return inputs
    read = json.loads(inputs)
    told = {name: renamed.get(mark, mark) for name, mark in read.items()}
    return inputs if told == read else json.dumps(told, sort_keys=True)
