"""Where lists go when they are made: what a `[deliver.NAME]` says of a database."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from lsif.schema import TABLES
from lsif.sources import Section
from lsif.table_schema import DOUBLE, INTEGER, LONG, STRING, Type

Of = Literal["recommendations", "similar_items", "taken_together"]
LISTS: Of = "recommendations"
COLUMNS: dict[str, tuple[str, ...]] = {
    LISTS: ("item_id", "score", "reason_code", "reason", "recommendation_id"),
    "similar_items": ("other_item_id", "score"),
    "taken_together": ("other_item_id", "score", "users"),
}
"""Of each table that can be delivered, the columns that are, beside its key, where nothing else is said."""
PLAIN = (STRING, INTEGER, LONG, DOUBLE)
AS_JSON = ("evidence",)
"""Columns that are no single value."""
VARIABLE = re.compile(r"\$\{(\w+)\}")
"""Stands in a `url` for what the environment keeps."""


def _is_secret(name: str) -> bool:
    """`password`, `sslpassword`; `passfile` is a path, to where PostgreSQL's clients look for one."""
    return "pass" in name and name != "passfile"


def _without_secrets(url: str) -> str:
    """Settings are kept with code and shown to many: what is written there is no secret, and may stand in any line."""
    before, _, query = url.partition("?")
    user = before.rpartition("@")[0].partition("://")[2]
    told = [user.partition(":")[2], *(value for name, value in parse_qsl(query) if _is_secret(name))]
    if any(VARIABLE.sub("", secret) for secret in told):
        raise ValueError("a password stands in the url: keep it in the environment and write ${NAME} in its place")
    if not VARIABLE.fullmatch(url) and "://" not in url:
        raise ValueError("it is no url of a database: write one as in postgresql://shop:${NAME}@db/shop")
    return url


@dataclass(frozen=True)
class Shape:
    """The rows that a destination is given.

    Attributes:
        of: the table that they are of.
        columns: beside its key.
    """

    of: str
    columns: tuple[str, ...]

    @property
    def owner(self) -> tuple[str, ...]:
        """Columns that say whose list a row is in, the outer one first."""
        return ("list", "user_id") if self.of == LISTS else ("item_id",)

    @property
    def key(self) -> tuple[str, ...]:
        """What a reader asks by, and the rank."""
        return (*reversed(self.owner), "rank")

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.key, *self.columns)

    @property
    def kinds(self) -> dict[str, Type]:
        return {name: TABLES[self.of].columns[name] for name in self.names}

    def check(self) -> None:
        """Raises ValueError where there is no such column, or none that a database takes."""
        kinds = TABLES[self.of].columns
        there = [name for name, kind in kinds.items() if (kind in PLAIN or name in AS_JSON) and name not in self.key]
        if strange := [name for name in self.columns if name not in there]:
            beside = f"beside {', '.join(self.key)}; there are {', '.join(there)}"
            raise ValueError(f"{strange[0]!r} is no column to deliver {beside}")


class Destination(Section):
    """A database that other programs read lists from."""

    to: Literal["sql", "redis"]
    """`sql`: PostgreSQL or SQLite. `redis`: Redis or Valkey."""
    url: Annotated[str, AfterValidator(_without_secrets)]
    """`${NAME}` stands for what the environment keeps under that name: a password, or all of it. A relative file of
    SQLite lies in LSIF_HOME."""
    of: Of = LISTS
    """Users' lists, or one of the lists beside items."""
    lists: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Of users; by default all."""
    columns: Annotated[tuple[str, ...], Field(min_length=1)] = Field(default_factory=lambda given: COLUMNS[given["of"]])
    """Of the table, beside its key."""
    table: Annotated[str, Field(pattern=r"^([a-z_][a-z0-9_]{0,49}\.)?[a-z_][a-z0-9_]{0,49}$")] = Field(
        default_factory=lambda given: given["of"]
    )
    """The view to read, in a schema or not; what it is made of begins with its name."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*(:[A-Za-z_][A-Za-z0-9_.-]*)*$")] = Field(
        default_factory=lambda given: "lsif" if given["of"] == LISTS else f"lsif:{given['of']}"
    )
    """What every key begins with; no part of it begins with a digit, as the numbers of loads after it do."""
    ttl_hours: PositiveInt = 168
    """How long lists are worth reading when no night follows."""

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> "Destination":
        strange = {"prefix", "ttl_hours"} if self.to == "sql" else {"table"}
        if found := sorted(strange & self.model_fields_set):
            raise ValueError(f'{found[0]} is not for to = "{self.to}"')
        if self.of != LISTS and self.lists:
            raise ValueError(f'lists are of users: they do not go with of = "{self.of}"')
        self.shape.check()
        return self

    @property
    def shape(self) -> Shape:
        return Shape(self.of, self.columns)

    @property
    def place(self) -> str:
        """For people; holds no secret, since `url` does not."""
        return f"{self.url} {self.table if self.to == 'sql' else self.prefix}"


def check_destinations(
    every: Mapping[str, Destination], lists: Collection[str], beside_items: Collection[str] = ()
) -> None:
    """Raises ValueError where one names a list that there is not, or two would replace each other's lists.

    Args:
        lists: of users, by name.
        beside_items: lists that `[item_lists]` names.
    """
    for name, destination in every.items():
        if destination.of not in (LISTS, *beside_items):
            raise ValueError(f"deliver.{name}.of: [item_lists] does not name {destination.of}, so it is not made")
        if strange := [one for one in destination.lists or () if one not in lists]:
            raise ValueError(f"deliver.{name}.lists: {strange[0]!r} is none of the lists: {', '.join(lists)}")
        first = next(other for other, one in every.items() if one.place == destination.place)
        if first != name:
            raise ValueError(f"deliver.{name} is the same place as deliver.{first}: give it another table or prefix")
