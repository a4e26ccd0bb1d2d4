"""Settings of fairness: the groups of users and of items that lists are told apart by."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, PositiveInt

from lsif.sources import Catalogue, Section, Users

USER_GROUPS = ("activity", "history_length", "new_users")
"""Told by the log."""
ITEM_GROUPS = {"popularity": None, "age": "published", "brand_size": "brand"}
"""Told by the log and the catalogue: name = the column that it wants."""
NO_GROUPS = ("item_id", "ds", "published", "text")
"""Columns that say nothing of a group: each item has its own."""


class Fairness(Section):
    """Whose lists are held beside whose, and which items' exposure beside which; `[]` asks nothing."""

    user_groups: tuple[str, ...] = USER_GROUPS
    """Of `activity`, `history_length` and `new_users`, and attributes of `[users]`."""
    item_groups: tuple[str, ...] | None = None
    """Of `popularity`, `age` and `brand_size`, and columns of the catalogue; by default those of the three of which the
    day's catalogue knows something."""
    min_group: PositiveInt = 100
    """No bound is held against a smaller group: of so few users, whose items were taken so rarely, or, for `coverage`,
    of so few items."""
    min_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Nor is `exposure` held for a group that has less than this of what is taken: a list is short."""


def check_fairness(fairness: Fairness, catalogue: Catalogue | None, users: Users | None) -> None:
    """
    Raises:
        ValueError: a group is named that nothing tells of.
    """
    said = (*USER_GROUPS, *(users.columns.attributes if users else ()))
    if strange := [name for name in fairness.user_groups if name not in said]:
        raise ValueError(
            f"fairness.user_groups: {strange[0]!r} is neither built in nor an attribute of [users]; there are "
            f"{', '.join(said)}"
        )
    for name in fairness.item_groups or ():
        if wrong := _wrong(name, list(_columns(catalogue))):
            raise ValueError(f"fairness.item_groups: {wrong}")


def _wrong(name: str, columns: list[str]) -> str | None:
    if name in ITEM_GROUPS:
        wanted = ITEM_GROUPS[name]
        return f"{name} wants {wanted} among columns of [catalogue]" if wanted and wanted not in columns else None
    groups = [column for column in columns if column not in NO_GROUPS]
    known = ", ".join([*ITEM_GROUPS, *groups])
    return None if name in groups else f"{name!r} is neither built in nor a column that groups items; there are {known}"


def _columns(catalogue: Catalogue | None) -> Iterator[str]:
    from lsif.rule_columns import item_columns

    yield from item_columns(catalogue, ()).names
