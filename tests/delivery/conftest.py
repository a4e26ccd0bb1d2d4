"""Each kind of destination, real and empty, with a reader that knows nothing of how it is written."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
import valkey

from lsif.delivery import Load, Published, delivered, opened
from lsif.destinations import LISTS, Destination, Shape
from tests.servers import postgres_server, redis_server

KINDS = ("postgresql", "sqlite", "redis")
COLUMNS = ("item_id", "score", "reason_code", "reason", "recommendation_id")
KEY = Shape(LISTS, COLUMNS).key
NUMBERS = itertools.count()
Lists = dict[tuple[str, str], list[str]]
"""(list, user) = its items by rank."""


@dataclass
class Target:
    """A destination as its owner and as its readers see it."""

    destination: Destination

    def deliver(self, given: Published, back: bool = False, again: bool = False) -> str:
        with opened("shop", self.destination) as place:
            return delivered(place, given, back, again)

    def lists(self) -> Lists:
        """What a reader finds now."""
        return self._of_sql() if self.destination.to == "sql" else self._of_redis()

    def stored(self) -> set[str]:
        """Load numbers of which anything lies there."""
        if self.destination.to == "sql":
            schema, _, view = self.destination.table.rpartition(".")
            names = sa.inspect(sa.create_engine(engine_url(self.destination.url))).get_table_names(schema or None)
            ours = {name.removeprefix(f"{view}_") for name in names}
            return {name for name in ours if name.isdigit()}
        keys = valkey.from_url(self.destination.url).keys(f"{self.destination.prefix}:[0-9]*")
        return {key.decode().split(":")[1] for key in keys}

    def users(self) -> set[str]:
        """Whom any load that lies there names, live or not."""
        if self.destination.to == "sql":
            tables = [f"{self.destination.table}_{number}" for number in self.stored()]
            return {user for table in tables for (user,) in self.query(f"SELECT DISTINCT user_id FROM {table}")}
        keys = valkey.from_url(self.destination.url).keys(f"{self.destination.prefix}:[0-9]*:*:*")
        return {key.decode().split(":", 3)[3] for key in keys}

    def query(self, text: str) -> list[sa.Row]:
        with sa.create_engine(engine_url(self.destination.url)).begin() as connection:
            done = connection.execute(sa.text(text))
            return list(done) if done.returns_rows else []

    def _of_sql(self) -> Lists:
        query = f"SELECT list, user_id, item_id, ds FROM {self.destination.table} ORDER BY list, user_id, rank"
        found: Lists = {}
        for of_list, user, item, ds in self.query(query):
            found.setdefault((of_list, user), []).append(f"{ds} {item}")
        return found

    def _of_redis(self) -> Lists:
        client, prefix = valkey.from_url(self.destination.url, decode_responses=True), self.destination.prefix
        live = client.get(f"{prefix}:live")
        ds = json.loads(client.get(f"{prefix}:now"))["ds"]
        found: Lists = {}
        for key in client.keys(f"{prefix}:{live}:*"):
            _, _, of_list, user = key.split(":", 3)
            rows = json.loads(client.get(key))
            assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
            found[of_list, user] = [f"{ds} {row['item_id']}" for row in rows]
        return found


def engine_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg2://")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        with sa.create_engine(engine_url(url)).begin() as connection:
            connection.execute(sa.text("CREATE SCHEMA marts"))
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("valkey")) as url:
        yield url


def made(kind: str, request: pytest.FixtureRequest, folder: Path) -> Target:
    name = f"shop_{next(NUMBERS)}"
    if kind == "redis":
        return Target(Destination(to="redis", url=request.getfixturevalue("redis_url"), prefix=name, ttl_hours=1))
    if kind == "postgresql":
        return Target(Destination(to="sql", url=request.getfixturevalue("postgres_url"), table=f"marts.{name}"))
    return Target(Destination(to="sql", url=f"sqlite:///{folder}/lists.db", table=name))


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    return made(request.param, request, tmp_path)


@pytest.fixture
def postgres(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    return made("postgresql", request, tmp_path)


@pytest.fixture
def redis(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    return made("redis", request, tmp_path)


class Given(Published):
    """Published lists without tables; `between` is called when some rows have been read, and before the rest."""

    def __init__(self, ds: str, lists: Lists, of: str = "", between: Callable[[], object] = lambda: None) -> None:
        self.load, self.rows = Load(f"{ds} {of}", ds), 0
        self._tables_of = [table(some) for some in halves(lists)]
        self._between = between

    def batches(self) -> Iterator[pa.Table]:
        first, *others = self._tables_of
        for some in (first, *others):
            self.rows += len(some)
            yield some
            if some is first:
                self._between()


def halves(lists: Lists) -> list[Lists]:
    keys = sorted(lists)
    middle = (len(keys) + 1) // 2
    return [{key: lists[key] for key in some} for some in (keys[:middle], keys[middle:]) if some]


def table(lists: Lists) -> pa.Table:
    rows = [
        {"list": of_list, "user_id": user, "rank": rank, "item_id": item, "score": 1 / rank, "reason_code": None}
        for (of_list, user), items in sorted(lists.items())
        for rank, item in enumerate(items, 1)
    ]
    kinds = {"rank": pa.int32(), "score": pa.float64()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in (*KEY, *COLUMNS)])
    return pa.Table.from_pylist(rows, schema)


def many(users: int, item: str = "i") -> Lists:
    """Two lists of two items for each user."""
    return {
        (of_list, f"u{user:03d}"): [f"{item}{user}", f"{item}{user + 1}"]
        for of_list in ("for_you", "discover")
        for user in range(users)
    }


def of_day(ds: str, lists: Lists) -> Lists:
    """As a reader finds them."""
    return {key: [f"{ds} {item}" for item in items] for key, items in lists.items()}
