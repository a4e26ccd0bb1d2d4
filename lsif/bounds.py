"""Settings: what delivered rows and days are held against."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from lsif.sources import Section


class Rules(Section):
    """What sends a row to quarantine."""

    max_late_days: PositiveInt = 7
    max_text: PositiveInt = 2000
    max_user_events_per_day: PositiveInt = 10_000


Share = Annotated[float, Field(ge=0, le=1)]


class Bound(Section):
    """What is beyond `warn` is said, what is beyond `fail` is not published; nothing is held against None."""

    warn: float | None = None
    fail: float | None = None


class Checks(Section):
    """What a delivery is held against before it changes a table; beyond a bound the night stops, unless a person lets
    that day pass with `--accept`."""

    max_quarantined: Share = 0.05
    """Share of the delivered rows, of events, of the catalogue or of users, that may break a rule."""
    min_events: NonNegativeInt = 0
    max_drop: Share = 0.9
    """How far a day's events may fall below those of the same weekday before, where those were a hundred or more."""
    max_shrink: Share = 0.5
    """How far the catalogue, or the list of users, may shrink from one delivery to the next."""
    min_match: Share = 0.5
    """Share of the items in the day's events that the catalogue must know."""
    missing_champion: Literal["warn", "fail"] = "warn"
    """What it is when the champion is gone from MLflow, or unreadable, and the one before it scores."""
