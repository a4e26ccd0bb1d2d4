"""What every table holds of a user, how an erasure reaches it, and for how long it is kept. A test asks it of each."""

from dataclasses import dataclass
from typing import Literal

Reach = Literal["rows", "raw", "text", "remade", "aggregate", "none"]
"""How an erasure reaches a table:

| reach       |                                                                                              |
|-------------|----------------------------------------------------------------------------------------------|
| `rows`      | rows with the `user_id` are hidden at once and purged                                        |
| `raw`       | rejected rows as delivered: those that name the user are purged                              |
| `text`      | sentences that may quote a row: the id is struck out                                         |
| `remade`    | counts over users, made again without the user: `item_tiles` by the purge, `item_hours` and  |
|             | `item_states` by the next night and, at the cutoffs that it stands on, by the next training  |
| `aggregate` | counts over users, as they were published: they stay, and name nobody                        |
| `none`      | nothing of users                                                                             |
"""
Kept = Literal["table", "days", "always"]
"""How long a row is kept: as `[retention] tables` says of the table (by default always), for `[retention] days`, or
always."""


@dataclass(frozen=True)
class Scope:
    """Of one table; `texts` are the columns that may quote a row."""

    reach: Reach
    kept: Kept = "always"
    texts: tuple[str, ...] = ()


SCOPES: dict[str, Scope] = {
    "events": Scope("rows", "table"),
    "quarantine": Scope("raw", "table", ("raw",)),
    "items": Scope("none"),
    "users": Scope("rows", "table"),
    "pseudonyms": Scope("rows"),
    "item_vectors": Scope("none"),
    "item_kinds": Scope("none"),
    "item_attributes": Scope("none"),
    "history_tiles": Scope("rows", "days"),
    "user_tiles": Scope("rows", "days"),
    "item_tiles": Scope("remade", "days"),
    "long_term_histories": Scope("rows", "days"),
    "recent_windows": Scope("rows", "days"),
    "user_interests": Scope("rows", "days"),
    "item_hours": Scope("remade", "days"),
    "item_states": Scope("remade", "days"),
    "recommendations": Scope("rows", "table"),
    "assignments": Scope("rows", "table"),
    "experiments": Scope("text", texts=("reason",)),
    "similar_items": Scope("aggregate", "days"),
    "taken_together": Scope("aggregate", "days"),
    "shared_popularity": Scope("aggregate"),
    "list_rule_hits": Scope("aggregate"),
    "feedback": Scope("rows", "table"),
    "metrics_daily": Scope("aggregate"),
    "released": Scope("aggregate"),
    "checks": Scope("text", texts=("note",)),
    "night_profiles": Scope("aggregate", "days"),
    "alias_history": Scope("text", texts=("reason",)),
    "erased_users": Scope("none"),
    "runs": Scope("text", texts=("note",)),
}

PERSONAL = tuple(name for name, scope in SCOPES.items() if scope.kept == "table")
"""Tables that `[retention] tables` may name."""


def reached(*reaches: Reach) -> list[str]:
    """Tables that an erasure reaches in one of these ways."""
    return [name for name, scope in SCOPES.items() if scope.reach in reaches]
