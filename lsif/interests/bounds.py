"""What a day's delivery is held against before its events are shown: bounds of the settings' section `checks`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from lsif.bounds import Checks
from lsif.checks import Check, Held, at_least, at_most
from lsif.config import Settings
from lsif.days import day_before
from lsif.interests.volumes import source_checks
from lsif.job import Counts
from lsif.tables import Tables, Writer

Hold = Callable[[list[Check]], Held]

RECENT_DAYS = 28
"""Of a long past, the days whose items the catalogue must know."""
ENOUGH = 100
"""Events of a day below which a drop may be chance."""
EXAMPLES, SHOWN = 3, 160
"""Rejected rows that the line of a stop shows, and characters of each."""
OUTSIDE = ("before_start", "future")
"""Rules of rows that an import of a part of a log leaves out on purpose."""

HELP = {
    "future": "day_zone and day_offset say which day a file holds",
    "unparseable_time": "time_format or time_unit says how times are written",
    "unknown_type": "[event_types] names those there are",
    "unreadable": "encoding, quote, escape or multiline may help",
}
"""Settings that may make good rows of those that break a rule."""


@dataclass(frozen=True)
class Ingested:
    """What became of the delivered rows: `rows_in` is the sum of the others; `rules` counts rejected rows by rule.

    `lost` counts, by our optional columns, what the events had to lose; `lines` are the rows of the files before some
    were unfolded to several, and `lacking` says how many files lack an optional column. `emptied` are the days of which
    every row was rejected, `remarks` what a person accepted.
    """

    rows_in: int
    events: int
    duplicates: int
    rules: dict[str, int]
    lost: dict[str, int] = field(default_factory=dict)
    lines: int | None = None
    lacking: dict[str, str] = field(default_factory=dict)
    emptied: tuple[str, ...] = ()
    remarks: str | None = None

    @property
    def quarantined(self) -> int:
        return sum(self.rules.values())


def delivery_checks(
    tables: Tables, settings: Settings, days: Sequence[str], found: Ingested, writer: Writer
) -> list[Check]:
    """Every check of events written for `days` and not shown yet; those with nothing to be held against are left out.

    Args:
        writer: that of the events.
    """
    checks = [quarantine_check(found, _left_out(found, settings), settings.checks)]
    if len(days) == 1:
        week_before = tables.rows("events").get(day_before(days[0], 7))
        checks += volume_checks(found.events, week_before, settings.checks)
        delivered = writer.written_rows(set(days), ["source"])
        checks += source_checks(tables, days[0], delivered, settings.checks.drift)
    recent = set(days[-RECENT_DAYS:])
    items = pc.unique(writer.written_rows(recent, ["item_id"])["item_id"]).drop_null()
    return checks + match_checks(items, catalogue_ids(tables, days[-1]), settings.checks)


def quarantine_check(found: Ingested, left_out: int, bounds: Checks) -> Check:
    """Of what was meant to come in; a day of which nothing is left fails whatever the bound."""
    rejected, delivered = found.quarantined - left_out, found.rows_in - left_out
    sentence = f"{rejected:,} of {delivered:,} rows broke a rule ({by_count(found.rules)})"
    share = rejected / delivered if delivered else 0.0
    if found.emptied and share <= bounds.max_quarantined:
        more = f" and of {len(found.emptied) - 1:,} other days" if len(found.emptied) > 1 else ""
        sentence = f"every row of {found.emptied[0]}{more} broke a rule ({by_count(found.rules)})"
        return Check("max_quarantined", share, bounds.max_quarantined, "fail", sentence)
    sentence = f"{sentence}, more than max_quarantined = {bounds.max_quarantined:g}"
    return at_most("max_quarantined", share, bounds.max_quarantined, sentence)


def volume_checks(events: int, week_before: int | None, bounds: Checks) -> list[Check]:
    """Of one day's events, and of those beside the same weekday before, where there is one to speak of."""
    few = f"{events:,} events, fewer than min_events = {bounds.min_events:,}"
    checks = [at_least("min_events", events, bounds.min_events, few)] if bounds.min_events else []
    if week_before is None or week_before < ENOUGH:
        return checks
    fell = f"{events:,} events after {week_before:,} a week before, a drop of more than max_drop = {bounds.max_drop:g}"
    return [*checks, at_most("max_drop", 1 - events / week_before, bounds.max_drop, fell)]


def match_checks(items: pa.Array, known: pa.Array, bounds: Checks) -> list[Check]:
    """How many of the log's items the catalogue knows, where there are both."""
    if not len(items) or not len(known):
        return []
    is_known = pc.is_in(items, value_set=known)
    met = pc.sum(is_known).as_py()
    strange = items.filter(pc.invert(is_known))
    sentence = f"the catalogue knows {met:,} of {len(items):,} items of the log, less than min_match = "
    named = f"; not {', '.join(repr(item) for item in strange[:EXAMPLES].to_pylist())}" if len(strange) else ""
    return [at_least("min_match", met / len(items), bounds.min_match, f"{sentence}{bounds.min_match:g}{named}")]


def catalogue_ids(tables: Tables, ds: str) -> pa.Array:
    """Ids of the catalogue in force at `ds`; none before the first, nor where items are what the log names."""
    newest = tables.newest_day("items", ds)
    described = pc.field("text").is_valid()  # a catalogue's text may be empty, but is there
    return tables.read("items", [newest] if newest else [], ["item_id"], described)["item_id"].combine_chunks()


def by_count(rules: Mapping[str, int], words: Mapping[str, str] = MappingProxyType({})) -> str:
    """Broken rules with their counts, the one broken most often first, each with the `words` that go with it."""
    often = sorted(rules.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{rule} {count:,}" + (f" ({words[rule]})" if rule in words else "") for rule, count in often)


def mending(rules: Mapping[str, int]) -> str:
    """What a person may do about rows that broke rules."""
    helping = "; ".join(words for rule, words in HELP.items() if rule in rules)
    return f"mend the delivery, or say how it is to be read ({helping})" if helping else "mend the delivery"


def shown(rows: Sequence[tuple[str, str]]) -> str:
    """Rules and rejected rows as one piece of a line."""
    return "; for example " + "; ".join(f"{rule} {' '.join(raw.split())[:SHOWN]}" for rule, raw in rows) if rows else ""


def _left_out(found: Ingested, settings: Settings) -> int:
    """Rows of a log in one file that lie before or after the days that were asked for."""
    if all(source.is_daily for source in settings.sources.values()):
        return 0
    return sum(found.rules.get(rule, 0) for rule in OUTSIDE)


def ingested(found: Ingested, first: str | None = None) -> Counts:
    """The ledger's counts of an ingest; its note is `first`, then what else became of rows, then what was accepted."""
    note = told(found.rules, found.lost, found.lacking)
    lines = f"unfolded from {found.lines:,} rows" if found.lines not in (None, found.rows_in) else None
    note = "; ".join(filter(None, [first, note, lines, found.remarks])) or None
    return Counts(found.rows_in, found.events, found.duplicates, found.quarantined, note=note)


def told(rules: dict[str, int], lost: dict[str, int], lacking: dict[str, str]) -> str | None:
    """What became of rows that are not simply in: broken rules, the one broken most often first, lost values, columns
    that are not there."""
    said = {
        "rules broken: ": by_count(rules, HELP),
        "cut or lost, rows kept: ": ", ".join(f"{column} {count:,}" for column, count in sorted(lost.items())),
        "no such column: ": ", ".join(f"{column} in {files}" for column, files in lacking.items()),
    }
    return "; ".join(f"{what}{which}" for what, which in said.items() if which) or None
