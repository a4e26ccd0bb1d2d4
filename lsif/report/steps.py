"""Steps as the ledger names them, and which of them a night's lists wait for."""

from collections.abc import Iterable
from typing import Any

AFTERWARDS: tuple[str, ...] = ("join_feedback", "user_interests", "item_lists", "deliver", "retention", "erase")
AFTERWARDS += ("encrypted_popularity", "release")
"""First words of steps that no list of a user waits for, as `deliver to shop`."""
TRAINING = ("training_cutoffs", "train", "gate", "move_alias", "import_past", "enrich_items", "take_answers")
"""Steps whose lines of the ledger are no night's."""
AUDIT, PUBLISH = "audit_recommendations", "publish_recommendations"


def is_afterwards(step: str) -> bool:
    return step.partition(" ")[0] in AFTERWARDS


def last_by_step(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        found.pop(row["step"], None)
        found[row["step"]] = row
    return found
