"""What rules of lists ask of users: what they had lately, what they were shown, what is said of them.

Read beside the night's histories for the same blocks of users, and only what some rule asks for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.features import known
from lsif.interests.as_of import in_force_inputs, log_begins
from lsif.list_rules import ListRules
from lsif.privacy.naming import stored_users
from lsif.rule_files import fingerprint, ids_in
from lsif.tables import Tables

TAKEN = ("user_id", "item_id", "days")
SHOWN = ("list", "user_id", "item_id")
SAID = ("user_id", "opt_out", "attributes")


@dataclass(frozen=True)
class Facts:
    """Of a block of users (sorted ids).

    Attributes:
        taken: rows of `history_tiles` of the days that rules ask for.
        shown: rows of `recommendations` of the nights that rules ask for, with `ds`.
        said: rows of `users` in force.
    """

    ids: pa.Array
    taken: pa.Table
    shown: pa.Table
    said: pa.Table


class UserFacts:
    """Facts of everybody as of `ds`, and who is to get no list, or none of their own.

    Raises:
        MissingDays: a day of tiles is missing that a rule asks for.
        LsifError: a file of ids cannot be read.
    """

    def __init__(self, tables: Tables, ds: str, settings: Settings) -> None:
        tables, rules = tables.pinned(), rules_of_all(settings)
        self._taken = tables.by_user("history_tiles", _days_of_tiles(tables, ds, rules), TAKEN)
        nights = set(tables.days("recommendations")) & set(_nights(ds, rules))
        self._shown = tables.by_user("recommendations", sorted(nights), SHOWN)
        said = tables.newest_day("users", ds)
        self._said = tables.by_user("users", [said] if said and _asks_users(rules) else [], SAID)
        self.without_lists = without_lists(tables, ds, settings)
        no_lists = settings.ranking.opted_out == "no_lists"
        self.unprofiled = pa.array([], pa.string()) if no_lists else opted_out(tables, ds)

    def blocks(self, ids: pa.Array) -> Iterator[Facts]:
        """Of these users (sorted), in the blocks in which `Everyone` gives them."""
        size = known.BLOCK * max(known.SPAN // known.BLOCK, 1)
        for start in range(0, len(ids), size):
            span = ids.slice(start, size)
            read = Facts(span, self._taken.of(span), self._shown.of(span), self._said.of(span))
            yield from (_only(read, block) for block in blocks_of(span))


def with_lists(ids: pa.Array, facts: UserFacts | None) -> tuple[pa.Array, Iterator[Facts | None]]:
    """Who of the users (sorted) gets lists, and what rules ask of them in blocks; nothing where there are no facts."""
    if facts is None:
        return ids, repeat(None)
    listed = outside(ids, facts.without_lists)
    return listed, facts.blocks(listed)


def without_lists(tables: Tables, ds: str, settings: Settings) -> pa.Array:
    """Users that are to get no list: blocked, or opted out where that says no lists.

    Raises:
        LsifError: the file of blocked users cannot be read.
    """
    blocked = settings.ranking.blocked_users
    found = [stored_users(settings, ids_in(settings.locate(blocked, ds)))] if blocked else []
    found += [opted_out(tables, ds)] if settings.ranking.opted_out == "no_lists" else []
    return pc.unique(pa.chunked_array(found, pa.string()))


def outside(ids: pa.Array, of: pa.Array) -> pa.Array:
    """The ids that are not among others."""
    return ids.filter(pc.invert(pc.is_in(ids, value_set=of)))


def blocks_of(ids: pa.Array) -> Iterator[pa.Array]:
    """The blocks of users (sorted) in which everything of them is read."""
    return (ids.slice(start, known.BLOCK) for start in range(0, len(ids), known.BLOCK))


def facts_inputs(tables: Tables, ds: str, settings: Settings) -> dict[str, str]:
    """Fingerprints of everything that `UserFacts` and the rules of items read beside the evening's."""
    rules = rules_of_all(settings)
    found = tables.fingerprints("history_tiles", _days_of_tiles(tables, ds, rules))
    found |= tables.fingerprints("recommendations", _nights(ds, rules))
    found |= in_force_inputs(tables, "users", ds) if tables.days("users") else {}
    files = {file for one in rules for file in one.blocked_items} | {settings.ranking.blocked_users} - {None}
    paths = sorted(settings.locate(str(file), ds) for file in files)
    return found | {f"file/{path}": fingerprint(path) for path in paths}


def rules_of_all(settings: Settings) -> list[ListRules]:
    return [settings.rules_of(name) for name in settings.lists]


def _days_of_tiles(tables: Tables, ds: str, rules: list[ListRules]) -> list[str]:
    """The days of arrival in which everything came that happened as lately as a rule asks for."""
    longest = max([0, *(days for one in rules for days in one.not_within.values())])
    longest = max([longest, *(one.shown.days for one in rules if one.shown)])
    first = max(day_before(ds, longest - 1), log_begins(tables, "history_tiles", ds))
    return tables.require_days("history_tiles", first, ds) if longest else []


def _nights(ds: str, rules: list[ListRules]) -> list[str]:
    """The nights before `ds` whose lists a rule asks for."""
    longest = max([0, *(asks.days for one in rules for asks in (one.shown, one.rotate) if asks)])
    return days_between(day_before(ds, longest), day_before(ds)) if longest else []


def _asks_users(rules: list[ListRules]) -> bool:
    return any(one.for_users for one in rules)


def opted_out(tables: Tables, ds: str) -> pa.Array:
    """Users of whom the newest list of `[users]` by `ds` says that they want no profile."""
    said = tables.newest_day("users", ds)
    rows = tables.read("users", [said] if said else [], ["user_id"], pc.field("opt_out"))
    return rows["user_id"].cast(pa.string()).combine_chunks()


def _only(facts: Facts, ids: pa.Array) -> Facts:
    kept = {name: getattr(facts, name) for name in ("taken", "shown", "said")}
    return Facts(ids, **{name: rows.filter(pc.is_in(rows["user_id"], value_set=ids)) for name, rows in kept.items()})
