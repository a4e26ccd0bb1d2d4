"""A small shop that does not change, and what models make of it: fair, or unfair on purpose. Seeded."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lsif.evaluation.groups import Past
from lsif.evaluation.metrics import Judged

USERS, ITEMS, K = 600, 200, 10
COUNTRY = np.repeat(["FR", "DE", "IT"], [300, 200, 100])
BRAND = np.repeat([f"b{n:02d}" for n in range(39)], [20] * 4 + [7] * 10 + [2] * 25)
"""Of large, middle and small ones."""
SMALL = np.arange(ITEMS) >= 150
CATEGORY = np.arange(ITEMS) % 5
BEGINS = "2017-06-01"
Numbers = npt.NDArray[Any]


class World:
    """Who takes what: by popularity, and five times as often of the user's own category.

    Attributes:
        past: what groups are told by.
    """

    def __init__(self, seed: int) -> None:
        self.draws = np.random.default_rng(seed)
        popular = self.draws.permutation(1 / np.arange(5, ITEMS + 5))
        own = CATEGORY[None, :] == (np.arange(USERS) % 5)[:, None]
        self.chance = np.where(own, 5.0, 1.0) * popular
        self.past = Past(BEGINS, self._events(), BASE, TILES, SAID, CATALOGUE)

    def lists(self, name: str, hidden: Numbers | None = None) -> pa.Table:
        """Everybody's list, drawn as users draw; what is `hidden` [V] never stands in one."""
        chance = np.where(False if hidden is None else hidden, 1e-12, self.chance)
        best = np.argsort(-(np.log(chance) + self.draws.gumbel(size=chance.shape)), axis=1)[:, :K]
        user, rank = np.divmod(np.arange(USERS * K), K)
        columns = {"user_id": _ids("u", user), "rank": rank + 1, "item_id": _ids("i", best.ravel())}
        return pa.table({"list": [name] * (USERS * K), **columns})

    def marks(self, forgotten: str | None = None) -> Judged:
        """What lists hit, each rank one time of seven; hardly ever for users of a country that is forgotten."""
        chance = np.where(forgotten == COUNTRY, 0.003, 1 / 7)
        hits = self.draws.random((USERS, K)) < chance[:, None]
        return Judged(_ids("u", np.arange(USERS)), hits, np.maximum(hits.sum(1), 5))

    def _events(self) -> pa.Table:
        user = np.repeat(np.arange(USERS), 1 + self.draws.poisson(8, USERS))
        shares = self.chance.cumsum(1) / self.chance.sum(1, keepdims=True)
        item = (shares[user] < self.draws.random(len(user))[:, None]).sum(1)
        days = [datetime(2017, 6, 1 + int(day), tzinfo=UTC) for day in self.draws.integers(0, 28, len(user))]
        done = {"event_time": pa.array(days, pa.timestamp("us", "UTC")), "weight": np.ones(len(user))}
        return pa.table(
            {"user_id": _ids("u", user), "item_id": _ids("i", item), **done, "value": np.full(len(user), 2.0)}
        )


def _ids(prefix: str, numbers: Numbers) -> list[str]:
    return [f"{prefix}{number:03d}" for number in numbers]


COUNTRIES = [[{"name": "country", "value": country}] for country in COUNTRY.tolist()]
SAID = pa.table({"user_id": _ids("u", np.arange(USERS)), "attributes": COUNTRIES})
CATALOGUE = pa.table(
    {
        "item_id": _ids("i", np.arange(ITEMS)),
        "brand": BRAND,
        "category": [f"c{number}" for number in CATEGORY],
        "appeared lately": np.arange(ITEMS) % 4 == 0,
    }
)
BASE = pa.table(
    {
        "user_id": _ids("u", np.arange(USERS)),
        "n_events": np.arange(USERS) % 90 + 1,
        "first_day": [date(2017, 6, 2) if number % 6 == 0 else date(2016, 1, 1) for number in range(USERS)],
    }
)
TILES = pa.table({"user_id": [], "days": []}).cast(
    pa.schema(
        [
            ("user_id", pa.string()),
            ("days", pa.list_(pa.struct([("day", pa.date32()), ("n", pa.int64())]))),
        ]
    )
)
