"""Which catalogue, or list of users, is in force on a day: the newest that was delivered by then.

A delivery that equals the one in force is not stored again, so a table has fewer days than there were deliveries. Which
days those were stands in the ledger.
"""

import json
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from lsif.bounds import Checks
from lsif.checks import Check, at_most
from lsif.days import day_before, days_between
from lsif.interests.bounds import RECENT_DAYS, Ingested, match_checks, quarantine_check
from lsif.interests.volumes import category_checks
from lsif.tables import Tables, Writer

STORED_AGAIN_DAYS = 28
"""After so many days an unchanged list is stored again: a step names each day since the one that it read."""


@dataclass(frozen=True)
class Lists:
    """The lists of one table, `items` or `users`, as the step of that name takes them in."""

    tables: Tables
    table: str
    step: str

    def checks(self, ds: str, bounds: Checks, found: Ingested, rows: pa.Table) -> list[Check]:
        """Every check of the rows delivered for `ds`, `found` of them, before they are shown."""
        checks = [quarantine_check(found, 0, bounds)]
        if before := self._rows_before(ds):
            sentence = f"{len(rows):,} {self.table} after {before:,} before, a shrink of more than max_shrink = "
            shrink = max(0.0, 1 - len(rows) / before)
            checks.append(at_most("max_shrink", shrink, bounds.max_shrink, f"{sentence}{bounds.max_shrink:g}"))
        if self.table != "items":
            return checks
        before_it = self.tables.newest_day(self.table, day_before(ds))
        was = self.tables.read("items", [before_it] if before_it else [], ["category"])
        checks += category_checks(was, rows, bounds.drift)
        recent = days_between(day_before(ds, RECENT_DAYS - 1), ds)
        log = pc.unique(self.tables.read("item_tiles", recent, ["item_id"])["item_id"])
        return checks + match_checks(log, rows["item_id"].combine_chunks(), bounds)

    def age_check(self, ds: str, bound: int) -> Check:
        """How many days before `ds` the list in force was delivered last; there must be one."""
        newest = str(self.tables.newest_day(self.table, ds))
        delivered = max([newest, *self.delivered_days(newest, ds)])
        age = (date.fromisoformat(ds) - date.fromisoformat(delivered)).days
        return at_most("max_age_days", age, bound, f"none came since {delivered}, longer than max_age_days = {bound}")

    def delivered_days(self, first: str, last: str = "9999-12-31") -> list[str]:
        """The days from `first` to `last` for which one was delivered and taken in, ascending."""
        done = (pc.field("step") == self.step) & (pc.field("status") == "done")
        done &= (pc.field("ds") >= first) & (pc.field("ds") <= last)
        lines = self.tables.read("runs", columns=["seq", "ds", "inputs"], filter=done).sort_by("seq").to_pylist()
        newest = {line["ds"]: json.loads(line["inputs"]) for line in lines}
        return sorted(ds for ds, read in newest.items() if not read or not all(map(self._is_own, read)))

    def store(self, writer: Writer, ds: str, rows: pa.Table) -> str | None:
        """Put the rows delivered for `ds` in force from that day until the next delivery; returns the day whose equal
        list stays instead.

        A later day whose own delivery equalled the one that is replaced gets its own copy, so that it reads what it
        did.
        """
        in_force = self.tables.newest_day(self.table, ds)
        old = self.tables.read(self.table, [in_force], rows.column_names) if in_force else None
        if old is not None and rows.equals(old):
            if in_force != ds and str(in_force) > day_before(ds, STORED_AGAIN_DAYS):
                return in_force
        elif old is not None and (later := self._next_equal(ds)):
            writer.write(later, old)
        writer.write(ds, rows)
        writer.commit()
        return None

    def _is_own(self, name: str) -> bool:
        return name.startswith(f"{self.table}/")

    def _next_equal(self, ds: str) -> str | None:
        """The first day after `ds` with a delivery that was not stored, before the next that was."""
        after = day_before(ds, -1)
        stored = min(self.tables.days(self.table, after), default="9999-12-31")
        return min((day for day in self.delivered_days(after) if day < stored), default=None)

    def _rows_before(self, ds: str) -> int | None:
        """Rows of the list in force the day before."""
        before = self.tables.newest_day(self.table, day_before(ds))
        return self.tables.rows(self.table)[before] if before else None
