"""A simulated world with planted tastes: what is long-term in a user's interest is known, because it was drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from lsif.features.ragged import Array
from tests import world

TOPICS, PER_TOPIC = "abcdefghijkl", 30
ITEMS = [f"{topic}-{n}" for topic in TOPICS for n in range(PER_TOPIC)]
START, DAYS = date(2017, 1, 1), 140
BURST_DAYS, WAVE_DAYS = 14, 28
VISITS, PER_VISIT, WAVES = 0.4, 3, 0.1
"""Chance of a visit on a day, events of one, and the share of them that follow the item everybody wants."""


@dataclass(frozen=True)
class Planted:
    """A log and the truth behind it.

    Attributes:
        log: user_id, item_id, day, event_time.
        long_share: chance that an event follows the user's one lasting topic and not the topic of the fortnight [U].
        taste: number of the lasting topic [U].
    """

    log: pd.DataFrame
    long_share: Array
    taste: Array


def planted(users: int, seed: int) -> Planted:
    """Lasting tastes, bursts of a fortnight, a staple every week and waves of popularity."""
    rng = np.random.default_rng(seed)
    long_share, taste = rng.uniform(0, 1, users), rng.integers(0, len(TOPICS), users)
    waves = rng.integers(0, len(ITEMS), DAYS // WAVE_DAYS)
    rows = [row for user in range(users) for row in _events(rng, user, taste[user], long_share[user], waves)]
    return Planted(world.log(rows), long_share, taste)


def user_id(user: int) -> str:
    return f"u{user:03d}"


def _events(
    rng: np.random.Generator, user: int, taste: int, long_share: float, waves: Array
) -> Iterator[tuple[str, str, str]]:
    staple, shift = rng.integers(0, len(ITEMS)), rng.integers(0, BURST_DAYS)
    bursts = rng.integers(0, len(TOPICS), DAYS // BURST_DAYS + 1)
    for day in range(DAYS):
        items = [staple] if day % 7 == user % 7 else []
        for _ in range(PER_VISIT * (rng.random() < VISITS)):
            topic = taste if rng.random() < long_share else bursts[(day + shift) // BURST_DAYS]
            own = topic * PER_TOPIC + rng.integers(0, PER_TOPIC)
            items.append(waves[day // WAVE_DAYS] if rng.random() < WAVES else own)
        for item in items:
            yield user_id(user), ITEMS[item], str(START + timedelta(days=day))
