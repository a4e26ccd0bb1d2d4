"""Which catalogue is in force on a day: the newest that was delivered by then.

A delivery that equals the one in force is not stored again, so the table `items` has fewer days than there were
deliveries. Which days those were stands in the ledger.
"""

import json
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from lsif.checks import Check, at_most
from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.interests.bounds import Ingested, match_checks, quarantine_check
from lsif.tables import Tables, Writer

STEP = "ingest_items"
STORED_AGAIN_DAYS = 28
"""After so many days an unchanged catalogue is stored again: a step names each day since the one that it read."""


def product_checks(tables: Tables, settings: Settings, ds: str, found: Ingested, items: pa.Table) -> list[Check]:
    """Every check of the products delivered for `ds`, `found` of them, before they are shown."""
    checks = [quarantine_check(found, 0, settings.checks)]
    if before := _rows_before(tables, ds):
        bound = settings.checks.max_shrink
        sentence = f"{len(items):,} products after {before:,} before, a shrink of more than max_shrink = {bound:g}"
        checks.append(at_most("max_shrink", max(0.0, 1 - len(items) / before), bound, sentence))
    recent = days_between(day_before(ds, settings.interests.recent_days - 1), ds)
    log = pc.unique(tables.read("item_tiles", recent, ["item_id"])["item_id"])
    return checks + match_checks(log, items["item_id"].combine_chunks(), settings.checks)


def age_check(tables: Tables, settings: Settings, ds: str) -> Check:
    """How many days before `ds` the catalogue in force was delivered last; there must be one."""
    newest = str(tables.newest_day("items", ds))
    delivered = max([newest, *delivered_days(tables, newest, ds)])
    age, bound = (date.fromisoformat(ds) - date.fromisoformat(delivered)).days, settings.checks.max_age_days
    sentence = f"no catalogue was delivered since {delivered}, longer than max_age_days = {bound}"
    return at_most("max_age_days", age, bound, sentence)


def delivered_days(tables: Tables, first: str, last: str = "9999-12-31") -> list[str]:
    """The days from `first` to `last` for which a catalogue was delivered and taken in, ascending."""
    done = (pc.field("step") == STEP) & (pc.field("status") == "done")
    done &= (pc.field("ds") >= first) & (pc.field("ds") <= last)
    lines = tables.read("runs", columns=["seq", "ds", "inputs"], filter=done).sort_by("seq").to_pylist()
    newest = {line["ds"]: json.loads(line["inputs"]) for line in lines}
    return sorted(ds for ds, read in newest.items() if not read or not all(name.startswith("items/") for name in read))


def store(tables: Tables, writer: Writer, ds: str, items: pa.Table) -> str | None:
    """Put the products delivered for `ds` in force from that day until the next delivery; returns the day whose equal
    catalogue stays instead.

    A later day whose own delivery equalled the one that is replaced gets its own copy, so that it reads what it did.
    """
    in_force = tables.newest_day("items", ds)
    old = tables.read("items", [in_force], items.column_names) if in_force else None
    if old is not None and items.equals(old):
        if in_force != ds and str(in_force) > day_before(ds, STORED_AGAIN_DAYS):
            return in_force
    elif old is not None and (later := _next_equal(tables, ds)):
        writer.write(later, old)
    writer.write(ds, items)
    writer.commit()
    return None


def _next_equal(tables: Tables, ds: str) -> str | None:
    """The first day after `ds` with a delivery that was not stored, before the next that was."""
    after = day_before(ds, -1)
    stored = min(tables.days("items", after), default="9999-12-31")
    return min((day for day in delivered_days(tables, after) if day < stored), default=None)


def _rows_before(tables: Tables, ds: str) -> int | None:
    """Products of the catalogue in force the day before."""
    before = tables.newest_day("items", day_before(ds))
    return tables.rows("items")[before] if before else None
