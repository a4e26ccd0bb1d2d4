"""Some users of a published night, counted and listed once more: what the night read of them, and what it gave them."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from lsif import oracle
from lsif.config import Settings
from lsif.errors import LsifError
from lsif.tables import Tables

if TYPE_CHECKING:
    from lsif.features.known import Users
    from lsif.ranking.trained import TrainedModel

EVENT = ["user_id", "item_id", "query", "event_type", "event_time", "weight"]
COMPARED = [
    *("user_id", "list", "rank", "item_id", "score", "alpha"),
    *("long_part", "short_part", "popularity_part", "rule_part", "neighbour_part", "model_version"),
]
"""Columns by which rows of lists are compared."""
Place = tuple[str, int]
"""Name of a list, and rank in it."""
NAMED = 3
"""Differences that a line names."""


@dataclass(frozen=True)
class Verified:
    """Users that were looked at, and a line for each thing that differs."""

    ds: str
    users: int
    differences: list[str]

    def line(self) -> str:
        if not self.differences:
            things = "histories, windows, searches, visits and lists"
            return f"{self.users} users of {self.ds}: {things} are what they must be"
        named = "; ".join(self.differences[:NAMED])
        return f"{len(self.differences)} things of {self.users} users of {self.ds} are not what they must be: {named}"


def verified(
    tables: Tables, ds: str, settings: Settings, model_of: "Callable[[str], TrainedModel | None]", users: int
) -> Verified:
    """Hold some published users of `ds` against the plain count of their events, and their lists against the model's
    of one user at a time.

    Args:
        model_of: the model of a version, None for that of none.
        users: how many; which ones, a hash of day and user says.

    Raises:
        LsifError: nothing is published for `ds`, or the model is not to be had.
        MissingDays: what the night read is not there any more.
    """
    from lsif.features.known import Everyone

    chosen = _chosen(tables, ds, users)
    found: list[str] = []
    events = _events(tables, ds, chosen)
    for some in Everyone(tables, ds, settings).blocks(pa.array(chosen)):
        found += _known(some, events, settings, tables)
    found += _lists(tables, ds, settings, model_of, chosen)
    return Verified(ds, len(chosen), found)


def _chosen(tables: Tables, ds: str, users: int) -> list[str]:
    if ds not in tables.days("recommendations"):
        raise LsifError(f"no list is published for {ds}: run `lsif trigger --ds ...`")
    everybody = pc.unique(tables.read("recommendations", [ds], ["user_id"])["user_id"]).to_pylist()
    return sorted(sorted(everybody, key=lambda user: hashlib.sha256(f"{ds}/{user}".encode()).digest())[:users])


def _events(tables: Tables, ds: str, users: list[str]) -> dict[str, list[dict[str, Any]]]:
    days = tables.days("events", last=ds)
    rows = tables.read("events", days, [*EVENT, "ds"], pc.field("user_id").isin(users)).to_pylist()
    found: dict[str, list[dict[str, Any]]] = {user: [] for user in users}
    for row in rows:
        found[row["user_id"]].append(row)
    return found


def _known(some: "Users", events: dict[str, list[dict[str, Any]]], settings: Settings, tables: Tables) -> Iterator[str]:
    """Where histories, windows, searches and visits that the night read are not those of the events."""
    from lsif.features.known import days_of_tiles
    from lsif.interests.windows import MOST_SEARCHES

    how, ds = settings.interests, some.ds
    first = min(days_of_tiles(tables, "user_tiles", ds, settings), default=ds)
    histories = {row["user_id"]: _items(row["items"]) for row in some.histories.to_pylist()}
    windows = {row["user_id"]: _tuples(row["events"]) for row in some.windows.to_pylist()}
    searches = {row["user_id"]: _tuples(row["searches"] or []) for row in some.windows.to_pylist()}
    most = min(how.window_events, MOST_SEARCHES)
    visits: dict[str, dict[str, tuple[int, int]]] = {}
    for row in some.visits.to_pylist():
        visits.setdefault(row["user_id"], {})[row["ds"]] = (row["events"], row["baskets"])
    for user in some.ids.to_pylist():
        own = events[user]
        pairs = {
            "the long history": (histories.get(user, {}), oracle.history(own, ds, how.half_lives_days, how.last_days)),
            "the window": (windows.get(user, []), oracle.window(own, ds, how.recent_days, how.window_events)),
            "the searches": (searches.get(user, []), oracle.window(own, ds, how.recent_days, most, "query")),
            "the visits": (visits.get(user, {}), oracle.visits(own, first, ds)),
        }
        for name, (ours, plain) in pairs.items():
            if oracle.apart(ours, plain):
                yield f"{name} of user {user}: {_first_apart(ours, plain)}"


def _items(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["item_id"]: {name: value for name, value in row.items() if name != "item_id"} for row in rows}


def _tuples(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows]


def _first_apart(ours: Any, plain: Any) -> str:
    if isinstance(ours, dict):
        key = next(key for key in sorted({*ours, *plain}) if oracle.apart(ours.get(key), plain.get(key)))
        return f"{key} is {ours.get(key)}, counted {plain.get(key)}"
    return f"{len(ours)} events, counted {len(plain)}" if len(ours) != len(plain) else "other events"


def _lists(
    tables: Tables, ds: str, settings: Settings, model_of: "Callable[[str], TrainedModel | None]", users: list[str]
) -> Iterator[str]:
    """Where published lists are not those that the model gives to a user alone."""
    from lsif.experiments.served import served_at
    from lsif.ranking.night import lists_one_by_one

    published = _rows(tables.read("recommendations", [ds], COMPARED, pc.field("user_id").isin(users)), users)
    for one in served_at(tables, ds, settings, pa.array(users)):
        by_model = defaultdict(list)
        for user in one.ids.to_pylist():
            by_model[next(iter(published[user].values()))["model_version"]].append(user)
        for version, theirs in sorted(by_model.items()):
            for user, made in lists_one_by_one(tables, ds, one.settings, model_of(version), theirs):
                yield from _listed_apart(user, published[user], _rows(made, [user])[user])


def _rows(lists: pa.Table, users: list[str]) -> dict[str, dict[Place, dict[str, Any]]]:
    """User → list and rank → row."""
    found: dict[str, dict[Place, dict[str, Any]]] = {user: {} for user in users}
    for row in lists.select(COMPARED).to_pylist():
        found[row["user_id"]][row["list"], row["rank"]] = row
    return found


def _listed_apart(
    user: str, published: dict[Place, dict[str, Any]], again: dict[Place, dict[str, Any]]
) -> Iterator[str]:
    """The first row that differs."""
    for place in sorted({*published, *again}):
        ours, made = published.get(place, {}), again.get(place, {})
        if oracle.apart(ours, made):
            yield f"{place[0]} rank {place[1]} of user {user}: {_first_apart(ours, made)}"
            return
