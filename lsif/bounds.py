"""Settings: what delivered rows and days are held against."""

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

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


class FairnessBounds(Section):
    """What lists are held against beside being right (`docs/fairness.md`); the worst list and group counts."""

    exposure: Bound = Bound(warn=0.1)
    """The least share of what is shown that a group of items may have, of its share of what is taken."""
    coverage: Bound = Bound()
    """The least share of the available items, and of those of each group, that lists show."""
    gini: Bound = Bound()
    """The most that exposure may lie on few items: 0 where all have the same, 1 where one has all."""
    popularity_lift: Bound = Bound(warn=10)
    """The most by which what is shown may be more popular than what the same users take: 1 is twice as popular."""
    calibration: Bound = Bound(warn=4)
    """The most that lists' categories may differ from users' own mix, in nats; 4.6 is nothing in common."""
    worst_group: Bound = Bound(warn=0.25)
    """The least that a group's NDCG may be of everybody's, known a horizon later."""

    @model_validator(mode="after")
    def _stops_what_is_not_published(self) -> Self:
        if self.worst_group.fail is not None:
            raise ValueError("worst_group is known when the lists are long published: it has no fail, only warn")
        return self


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
    fairness: FairnessBounds = FairnessBounds()
