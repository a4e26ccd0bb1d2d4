"""Settings of privacy."""

from typing import Annotated

from pydantic import Field, model_validator

from lsif.differential import Differential
from lsif.sources import Users

MASKED_LENGTH = 34
"""Characters of a pseudonym."""
OF_EVENTS = ("event_id", "query")
"""Columns of events that may be masked beside users: nothing else is told by what they say."""


class Privacy(Differential):
    """What a user's data may say; nothing is asked by default."""

    pseudonyms: bool = False
    """Whether user ids become keyed pseudonyms where files are read."""
    key_file: str | None = None
    """Where the key lies that makes them; a relative path begins in LSIF_HOME. `lsif privacy-key` makes one."""
    pseudonym_columns: tuple[str, ...] = ()
    """What becomes one beside the user: `event_id` or `query` of events, attributes of users."""
    retrain_days: Annotated[int, Field(ge=1, le=30)] = 30
    """Days after an erasure for which versions that learned from the user may still score."""

    @model_validator(mode="after")
    def _has_a_key(self) -> "Privacy":
        if self.pseudonyms and not self.key_file:
            raise ValueError("pseudonyms want a key_file: name one, and `lsif privacy-key` makes the key")
        if not self.pseudonyms and self.pseudonym_columns:
            raise ValueError("pseudonym_columns are masked where pseudonyms = true, and it is not")
        return self


def check_pseudonyms(privacy: Privacy, users: Users | None, longest: int) -> None:
    """Raises ValueError where a column is none that can be masked, or a pseudonym is longer than ids may be."""
    there = [*OF_EVENTS, *(users.given.get("attributes", ()) if users else ())]
    if strange := [name for name in privacy.pseudonym_columns if name not in there]:
        raise ValueError(
            f"privacy.pseudonym_columns: {strange[0]!r} cannot be masked; {', '.join(there)} can, and user_id always is"
        )
    if privacy.pseudonyms and longest < MASKED_LENGTH:
        raise ValueError(f"rules.max_text = {longest} is shorter than a pseudonym ({MASKED_LENGTH})")
