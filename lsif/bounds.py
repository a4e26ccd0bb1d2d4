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


def bounds_of(section: type[Section]) -> tuple[str, ...]:
    """Names of the bounds of a section, in their order."""
    return tuple(name for name, field in section.model_fields.items() if field.annotation is Bound)


class Drift(Section):
    """How far a night may be from the nights before it, and how old what it reads may be."""

    nights: PositiveInt = 14
    """Published nights before this one that it is held against, at most; those of the last `2 * nights` days."""
    min_nights: PositiveInt = 3
    """With fewer nothing is held against them; scores, alpha and shares want as many of the same model version."""
    psi_inputs: Bound = Bound(warn=0.25)
    """Population stability index of what the model reads: of the number that moved most."""
    psi_scores: Bound = Bound(warn=0.25)
    psi_alpha: Bound = Bound(warn=0.25)
    psi_shares: Bound = Bound(warn=0.25)
    missing_share: Bound = Bound(warn=0.01)
    """How much the share of what is no finite number, or of items without text or category, may grow."""
    unseen_categories: Bound = Bound(warn=0.1)
    """Share of the available items whose category the model's training never saw."""
    source_drop: Bound = Bound(warn=0.3)
    """How far a source's events of a day may fall below the median of the same weekdays before."""
    category_drop: Bound = Bound(warn=0.5)
    """How far a category's items may shrink from one catalogue to the next: of the one that shrank most."""
    model_age_days: Bound = Bound(warn=45)
    """Since the last day that the model learned from."""
    catalogue_age_days: Bound = Bound(warn=14)
    users_age_days: Bound = Bound(warn=14)
    events_age_days: Bound = Bound(warn=3)
    """Since the last day with an event."""
    history_base_age_days: Bound = Bound()
    """A base is made as the log grows: of an old log it is old."""
    item_states_age_days: Bound = Bound(warn=0)
    recent_windows_age_days: Bound = Bound(warn=0)


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
    drift: Drift = Drift()
    missing_champion: Literal["warn", "fail"] = "warn"
    """What it is when the champion is gone from MLflow, or unreadable, and the one before it scores."""
    fairness: FairnessBounds = FairnessBounds()
