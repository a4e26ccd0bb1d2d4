"""A made-up log: users and items by Zipf, habits that repeat, late events, all from one seed.

At scale 1: 222,222 events a day (20 million in 90 days), 200,000 users, 50,000 items.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lsif.days import days_between

FIRST = "2025-01-01"
SEED = 20250101
EVENTS, USERS, ITEMS, DAYS = 20_000_000, 200_000, 50_000, 90
CATEGORIES, HABITS = 300, 20
NIGHTS = 4
"""Measured one by one after the days of history."""
REPEATED, LATE, BOUGHT = 0.5, 0.01, 0.3
"""Shares of events: of an own habit, arrived a day late, purchases."""
MOST_A_DAY = 5_000
"""Events of the busiest user in a day: nearly a crowd, still a customer."""
ROBOT_EVENTS = 1_000_000

TOML = """
[event_types]
purchase = 1.0
browse = 0.5
[sources.shop]
path = "landing/events/{ds}.parquet"
format = "parquet"
columns = { event_id = "id", user_id = "user", item_id = "item", event_type = "type", event_time = "time" }
[catalogue]
path = "landing/items.parquet"
format = "parquet"
columns = { item_id = "id", title = "title", category = "category" }
[rules]
max_user_events_per_day = 20_000 # else the robot would be quarantined
"""

Ints = npt.NDArray[np.int64]


class Log(Protocol):
    def deliver(self, home: Path, days: int) -> None:
        """Lay settings (`shop.toml`), catalogue and a Parquet file for each of the first `days` days into `home`."""


@dataclass(frozen=True)
class Shop:
    """`skewed`: with a robot of a million events in 90 days, and an item that everyone has."""

    scale: float
    skewed: bool = False

    @property
    def events(self) -> int:
        """Of a day."""
        return round(EVENTS * self.scale / DAYS)

    @property
    def users(self) -> int:
        return max(round(USERS * self.scale), 10)

    @property
    def items(self) -> int:
        return max(round(ITEMS * min(self.scale * 4, 1)), 50)

    def deliver(self, home: Path, days: int) -> None:
        """The settings, the catalogue and a Parquet file a day; files that are there stay."""
        events = lay(home, catalogue(self))
        for ds in days_between(day(0), day(days - 1)):
            file = events / f"{ds}.parquet"
            if not file.exists():
                pq.write_table(day_of_events(self, ds), file.with_suffix(".part"), compression="zstd")
                file.with_suffix(".part").rename(file)


def lay(home: Path, items: pa.Table) -> Path:
    """The settings and the catalogue; returns the folder for the days' events."""
    events = home / "landing" / "events"
    events.mkdir(parents=True, exist_ok=True)
    (home / "shop.toml").write_text(TOML)
    pq.write_table(items, home / "landing" / "items.parquet")
    return events


def day(number: int) -> str:
    """The day of arrival with this number, 0 = the first."""
    return (date.fromisoformat(FIRST) + timedelta(number)).isoformat()


def day_of_events(shop: Shop, ds: str) -> pa.Table:
    """What arrives on `ds`: a function of the shop, the seed and the day alone."""
    number = date.fromisoformat(ds).toordinal() - date.fromisoformat(FIRST).toordinal()
    rng = np.random.default_rng([SEED, number])
    user = np.minimum(_zipf(rng, shop.events, shop.users, 0.6), shop.users - 1)
    user[_place_in_group(user) >= MOST_A_DAY] = rng.integers(shop.users)
    item = np.where(rng.random(shop.events) < REPEATED, _habit(rng, user, shop), _zipf(rng, shop.events, shop.items, 1))
    if shop.skewed:
        robot = round(ROBOT_EVENTS / DAYS)
        first = rng.choice(shop.users, size=shop.users // DAYS + 1, replace=False)
        user = np.concatenate([user, np.full(robot, shop.users), first])
        item = np.concatenate([item, rng.integers(shop.items, size=robot), np.zeros(len(first), np.int64)])
    late = (rng.random(len(user)) < LATE) & (number > 0)
    second = rng.integers(86_400, size=len(user))
    time = np.datetime64(ds, "s") + second - late * 86_400
    return pa.table(
        {
            "id": _ids(f"{number}-", np.arange(len(user))),
            "user": _ids("u", user),
            "item": _ids("i", item),
            "type": pa.array(np.where(rng.random(len(user)) < BOUGHT, "purchase", "browse")),
            "time": pa.array(time.astype("datetime64[us]"), pa.timestamp("us", "UTC")),
        }
    )


def _zipf(rng: np.random.Generator, size: int, over: int, exponent: float) -> Ints:
    share = 1.0 / np.arange(1, over + 1) ** exponent
    return np.searchsorted(np.cumsum(share / share.sum()), rng.random(size))


def _habit(rng: np.random.Generator, user: Ints, shop: Shop) -> Ints:
    """One of the user's own items, the same every day."""
    which = rng.integers(HABITS, size=len(user))
    return (user * 2_654_435_761 + which * 40_503) % shop.items


def _place_in_group(user: Ints) -> Ints:
    """How many events of the same user stand before each one."""
    order = np.argsort(user, kind="stable")
    ordered = user[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    place = np.empty(len(user), np.int64)
    place[order] = np.arange(len(user)) - np.repeat(starts, np.diff(starts, append=len(user)))
    return place


def _ids(letter: str, numbers: Ints) -> pa.Array:
    return pa.array(np.char.add(letter, numbers.astype(str)))


def catalogue(shop: Shop) -> pa.Table:
    numbers = np.arange(shop.items)
    return pa.table(
        {
            "id": _ids("i", numbers),
            "title": _ids("Item ", numbers),
            "category": _ids("c", numbers * 7919 % CATEGORIES),
        }
    )
