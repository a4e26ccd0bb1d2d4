"""Settings of privacy."""

from typing import Annotated

from pydantic import Field

from lsif.sources import Section


class Privacy(Section):
    """What a user's data may say; nothing is asked by default."""

    retrain_days: Annotated[int, Field(ge=1, le=30)] = 30
    """Days after an erasure for which versions that learned from the user may still score."""
