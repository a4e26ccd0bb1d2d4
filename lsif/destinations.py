"""Where lists go when they are published: what a `[deliver.NAME]` says of a database."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from lsif.schema import DOUBLE, INTEGER, STRING, TABLES
from lsif.sources import Section

KEY = ("user_id", "list", "rank")
PLAIN = (STRING, INTEGER, DOUBLE)
VARIABLE = re.compile(r"\$\{(\w+)\}")
"""Stands in a `url` for what the environment keeps."""


def _without_secrets(url: str) -> str:
    """Settings are kept with code and shown to many: what is written there is no secret, and may stand in any line."""
    before, _, query = url.partition("?")
    user = before.rpartition("@")[0].partition("://")[2]
    told = [user.partition(":")[2], *(value for name, value in parse_qsl(query) if name.startswith("pass"))]
    if any(VARIABLE.sub("", secret) for secret in told):
        raise ValueError("a password stands in the url: keep it in the environment and write ${NAME} in its place")
    if not VARIABLE.fullmatch(url) and "://" not in url:
        raise ValueError("it is no url of a database: write one as in postgresql://shop:${NAME}@db/shop")
    return url


def _plain(columns: tuple[str, ...]) -> tuple[str, ...]:
    there = [name for name, kind in TABLES["recommendations"].columns.items() if kind in PLAIN and name not in KEY]
    for name in columns:
        if name not in there:
            raise ValueError(f"{name!r} is no column to deliver beside {', '.join(KEY)}; there are {', '.join(there)}")
    return columns


class Destination(Section):
    """A database that other programs read lists from."""

    to: Literal["sql", "redis"]
    """`sql`: PostgreSQL or SQLite. `redis`: Redis or Valkey."""
    url: Annotated[str, AfterValidator(_without_secrets)]
    """`${NAME}` stands for what the environment keeps under that name: a password, or all of it. A relative file of
    SQLite lies in LSIF_HOME."""
    lists: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """By default all."""
    columns: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_plain)] = (
        "item_id",
        "score",
        "reason_code",
        "recommendation_id",
    )
    """Of `recommendations`, beside its key."""
    table: Annotated[str, Field(pattern=r"^([a-z_][a-z0-9_]{0,49}\.)?[a-z_][a-z0-9_]{0,49}$")] = "recommendations"
    """The view to read, in a schema or not; what it is made of begins with its name."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*(:[A-Za-z_][A-Za-z0-9_.-]*)*$")] = "lsif"
    """What every key begins with; no part of it begins with a digit, as the numbers of loads after it do."""
    ttl_hours: PositiveInt = 168
    """How long lists are worth reading when no night follows."""

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> "Destination":
        strange = {"prefix", "ttl_hours"} if self.to == "sql" else {"table"}
        if found := sorted(strange & self.model_fields_set):
            raise ValueError(f'{found[0]} is not for to = "{self.to}"')
        return self

    @property
    def place(self) -> str:
        """For people; holds no secret, since `url` does not."""
        return f"{self.url} {self.table if self.to == 'sql' else self.prefix}"


def check_destinations(every: Mapping[str, Destination], lists: Collection[str]) -> None:
    """Raises ValueError where one names a list that there is not, or two would replace each other's lists."""
    for name, destination in every.items():
        if strange := [one for one in destination.lists or () if one not in lists]:
            raise ValueError(f"deliver.{name}.lists: {strange[0]!r} is none of the lists: {', '.join(lists)}")
        first = next(other for other, one in every.items() if one.place == destination.place)
        if first != name:
            raise ValueError(f"deliver.{name} is the same place as deliver.{first}: give it another table or prefix")
