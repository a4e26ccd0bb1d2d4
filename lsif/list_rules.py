"""What a shop may ask of its lists: which items stay out, which go up or down, and how a list is put together.

In the order in which they act: items and users are filtered, what is left is scored, rows are selected. Every list has
rules of its own (`[lists.NAME.rules]`), beside those of all lists (`[ranking.rules]`).
"""

from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from lsif.sources import Section, Words

Expression = str
"""SQL over the columns of the catalogue, or of `[users]`: one value of each row (`lsif.expressions`)."""
Share = Annotated[float, Field(ge=0, le=1)]


class ForUsers(Section):
    """What some users may get."""

    users: Expression
    """Of the columns of `[users]`: whom it is for."""
    where: Expression


class Boost(Section):
    """What some items' scores are raised by, or lowered."""

    where: Expression
    add: float


class Shown(Section):
    """What an item loses for every time that it was in the user's list and nothing came of it."""

    discount: PositiveFloat
    """Of the score, for one showing today."""
    days: PositiveInt = 14
    """How far back showings count."""
    half_life_days: PositiveFloat = 7.0
    """In which a showing loses half of its discount."""


class Cap(Section):
    """How many rows may be alike."""

    column: str
    """Of the catalogue; rows with nothing there are alike with nobody."""
    most: PositiveInt
    every: PositiveInt | None = None
    """Among how many rows one after the other; by default in the whole list."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.every is not None and self.most >= self.every:
            raise ValueError(f"most = {self.most} among every {self.every} rows forbids nothing")
        return self

    @property
    def name(self) -> str:
        return f"cap {self.column}" + (f" every {self.every}" if self.every else "")


class Pin(Section):
    """An item that stands at one rank of everybody's list, as far as they may get it."""

    item: str
    rank: PositiveInt
    first: date = date.min
    """The first day of the lists that have it."""
    last: date = date.max

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"the pin of {self.item} begins on {self.first}, after its last day {self.last}")
        return self

    def holds(self, ds: str) -> bool:
        return self.first <= date.fromisoformat(ds) <= self.last


class Diversity(Section):
    """Maximal marginal relevance: of the next rows, one unlike those before it (Carbonell and Goldstein, 1998)."""

    weight: PositiveFloat
    """Of the score, what an item loses that is like a row before it: times the cosine of their text vectors."""
    cost: PositiveFloat
    """Of the score, how far the row that is taken may be below the best that could be."""


class Floor(Section):
    """What some items get of a list's exposure, 1 / log2(rank + 1) summed over its rows, to half a row's."""

    where: Expression
    share: Annotated[float, Field(gt=0, le=0.5)]


class Explore(Section):
    """Rows for items that are drawn, each as likely as the other, so that something is learned of them."""

    share: Annotated[float, Field(gt=0, le=0.5)]
    where: Expression | None = None
    """Which items; by default those that appeared within `recent_days`."""


class Rotate(Section):
    """Rows for what the user was not shown lately, so that a list changes although nothing happened."""

    share: Annotated[float, Field(gt=0, le=0.5)]
    """Alone, it may be said as a number: `rotate = 0.2`."""
    days: PositiveInt = 7
    """How many nights' lists are lately."""

    @model_validator(mode="before")
    @classmethod
    def _share_alone(cls, given: Any) -> Any:
        return {"share": given} if isinstance(given, int | float) else given


class ListRules(Section):
    """Nothing of it is in force unless it is said."""

    where: Expression | None = None
    """Which items may be listed."""
    for_users: tuple[ForUsers, ...] = ()
    not_within: dict[str, PositiveInt] = Field(default={})
    """Event type = days: what the user had so lately is not listed."""
    blocked_items: Words = ()
    """File of item ids, one a line, or several; relative to LSIF_HOME, or URLs."""
    boosts: tuple[Boost, ...] = ()
    shown: Shown | None = None
    caps: tuple[Cap, ...] = ()
    near_duplicates: Annotated[float, Field(gt=0, le=1)] | None = None
    """Of items whose text vectors have at least this cosine, a list has one."""
    pins: tuple[Pin, ...] = ()
    diversity: Diversity | None = None
    floors: tuple[Floor, ...] = ()
    """Of each the best rows stand as high as its share asks, as far as there are any that the other rules allow."""
    explore: Explore | None = None
    rotate: Rotate | None = None

    @field_validator("caps")
    @classmethod
    def _caps_once(cls, caps: tuple[Cap, ...]) -> tuple[Cap, ...]:
        if twice := _first_twice([cap.name for cap in caps]):
            raise ValueError(f"{twice} is said twice")
        return caps

    @property
    def moves(self) -> bool:
        """Whether a row may stand above one of a higher score."""
        placed = self.pins or self.diversity or self.floors or self.explore or self.rotate
        return bool(placed or any(cap.every for cap in self.caps))

    def over_items(self) -> list[tuple[str, Expression]]:
        """Every expression over the catalogue, with its place below the rules."""
        found = [("where", self.where)] if self.where else []
        found += [(f"for_users[{n}].where", one.where) for n, one in enumerate(self.for_users)]
        found += [(f"boosts[{n}].where", one.where) for n, one in enumerate(self.boosts)]
        found += [(f"floors[{n}].where", one.where) for n, one in enumerate(self.floors)]
        if self.explore and self.explore.where:
            found.append(("explore.where", self.explore.where))
        return found


def together(for_all: ListRules, own: ListRules) -> ListRules:
    """One list's rules: filters, boosts, caps, pins, floors of both; of the rest the list's own, where it says it."""
    longest = {
        kind: max(of.not_within.get(kind, 0) for of in (for_all, own))
        for kind in (*for_all.not_within, *own.not_within)
    }
    one_of_two = ("shown", "near_duplicates", "diversity", "explore", "rotate")
    said = {name: getattr(own, name) or getattr(for_all, name) for name in one_of_two}
    wheres = [one for one in (for_all.where, own.where) if one]
    return ListRules(
        where=" and ".join(f"({one})" for one in wheres) if len(wheres) > 1 else "".join(wheres) or None,
        for_users=for_all.for_users + own.for_users,
        not_within=longest,
        blocked_items=for_all.blocked_items + own.blocked_items,
        boosts=for_all.boosts + own.boosts,
        caps=own.caps + tuple(cap for cap in for_all.caps if cap.name not in {mine.name for mine in own.caps}),
        pins=for_all.pins + own.pins,
        floors=for_all.floors + own.floors,
        **said,
    )


def clashing(pins: tuple[Pin, ...]) -> str | None:
    """What is wrong with pins that hold on one day: two at a rank, or an item at two."""
    for number, one in enumerate(pins):
        for other in pins[:number]:
            at_once = one.first <= other.last and other.first <= one.last
            if at_once and one.rank == other.rank:
                return f"{other.item} and {one.item} are both pinned at rank {one.rank}"
            if at_once and one.item == other.item:
                return f"{one.item} is pinned at two ranks, {other.rank} and {one.rank}"
    return None


def ranks_to_draw(share: float, ranks: int, taken: Collection[int]) -> list[int]:
    """Ranks (from nought) of a share of a list's rows, evenly down the list, but for those that are taken."""
    free = [rank for rank in range(ranks) if rank not in taken]
    count = min(max(round(share * ranks), 1), len(free))
    return [free[round((number + 1) * len(free) / count) - 1] for number in range(count)]


def drawn_ranks(rules: ListRules, ranks: int, pinned: Collection[int]) -> tuple[list[int], list[int]]:
    """Ranks of what is explored and of what rotates."""
    explored = ranks_to_draw(rules.explore.share, ranks, pinned) if rules.explore else []
    return explored, ranks_to_draw(rules.rotate.share, ranks, {*pinned, *explored}) if rules.rotate else []


def crowd(ranks: Collection[int], every: int) -> int:
    """The most of `ranks` among any `every` one after the other."""
    return max([0, *(sum(first <= rank < first + every for rank in ranks) for first in ranks)])


def _first_twice(names: list[str]) -> str | None:
    return next((name for at, name in enumerate(names) if name in names[:at]), None)
