"""The lists that every user gets, and those that stand beside an item."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveInt, field_validator, model_validator

from lsif.list_rules import ListRules
from lsif.sources import Section

Items = Literal["all", "own", "new"]


class RankedList(Section):
    """One of the lists that every user gets."""

    items: Items = "all"
    """`own`: what the user has in the history; `new`: what is not there."""
    k: PositiveInt = 20
    new_share: Annotated[float, Field(ge=0, le=1)] | None = None
    """Of a list of all items: share of the rows that are new to the user, as far as there are items; else by score."""
    rules: ListRules = ListRules()
    """Beside those of `[ranking.rules]`."""

    @model_validator(mode="after")
    def _mixes_where_both_are(self) -> Self:
        if self.new_share is not None and self.items != "all":
            raise ValueError(f'new_share mixes own and new items: it goes with items = "all", not "{self.items}"')
        return self


def _named_well(lists: dict[str, RankedList]) -> dict[str, RankedList]:
    for name in lists:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"a list's name is of small letters, digits and _, and begins with a letter: not {name!r}")
    return lists


Lists = Annotated[dict[str, RankedList], Field(min_length=1), AfterValidator(_named_well)]
LISTS = {"for_you": RankedList(), "buy_again": RankedList(items="own"), "discover": RankedList(items="new")}


OF_USERS = ("not_within", "for_users", "shown", "pins", "floors", "explore", "rotate")
"""Rules that a list beside an item cannot keep: everybody sees the same one."""


class ItemList(Section):
    """One of the lists beside every item."""

    k: PositiveInt = 20
    rules: ListRules = ListRules()
    """Beside the filters of items of `[ranking.rules]`."""

    @field_validator("rules")
    @classmethod
    def _speaks_of_items(cls, rules: ListRules) -> ListRules:
        if strange := [name for name in OF_USERS if name in rules.model_fields_set]:
            raise ValueError(f"{strange[0]} is a rule of users' lists; a list beside an item is the same for everybody")
        return rules


class ItemLists(Section):
    """The lists that stand beside an item, on its page; none unless it is named."""

    similar_items: ItemList | None = None
    """What is like it: by text, attributes and who takes it."""
    taken_together: ItemList | None = None
    """What was taken on the same days, within the last `recent_days`."""

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if not self.wanted:
            raise ValueError(f"name the lists that are wanted: {' = {}, '.join(type(self).model_fields)} = {{}}")
        return self

    @property
    def wanted(self) -> dict[str, ItemList]:
        named = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: one for name, one in named.items() if one is not None}
