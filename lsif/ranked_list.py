"""The lists that every user gets."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from lsif.list_rules import ListRules
from lsif.sources import Section


class RankedList(Section):
    """One of the lists that every user gets."""

    items: Literal["all", "own", "new"] = "all"
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
