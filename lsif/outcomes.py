"""Settings of exposure and outcome: what was shown, and which answers to it count."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, PositiveInt, model_validator

from lsif.sources import Section, Users

IMPRESSION = "impression"
"""The type of events that say what was shown. It is no interest, so it weighs nothing."""

Types = Annotated[tuple[str, ...], Field(min_length=1)]


class Satisfaction(Section):
    """What says that users were content with what they took: the mean `value` of events of a type, as of ratings, or a
    share of such events."""

    event_type: str
    at_least: float | None = None
    """Share of them whose `value` is no less, as of seconds read; one without a value does not count."""
    followed_by: str | None = None
    """Share of them after which the user did this with the item, as `played_through` after `play`."""
    not_followed_by: str | None = None
    """Share of them after which the user did not do this with the item, as `return` after `purchase`."""

    @property
    def is_share(self) -> bool:
        return (self.at_least, self.followed_by, self.not_followed_by) != (None, None, None)

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.at_least, self.followed_by, self.not_followed_by).count(None) < 2:
            raise ValueError("keep one of at_least, followed_by and not_followed_by")
        return self


class Feedback(Section):
    """What counts as an answer to what was shown, and for how long."""

    window_days: PositiveInt = 7
    """For so many days something that was shown may be answered."""
    clicks: Types | None = None
    """Event types that say that an item was looked at; by default all of positive weight."""
    conversions: Types | None = None
    """Event types that lists are made for; by default `training.targets`, else those that weigh most."""
    satisfaction: Satisfaction | None = None
    user_groups: tuple[str, ...] = ()
    """Attributes of `[users]` by which rates are told apart."""

    def named_types(self) -> Iterator[str]:
        """Every event type that stands here."""
        yield from [*(self.clicks or ()), *(self.conversions or ())]
        if asked := self.satisfaction:
            yield from filter(None, (asked.event_type, asked.followed_by, asked.not_followed_by))


def check_feedback(feedback: Feedback, event_types: Mapping[str, float], users: Users | None) -> None:
    """
    Raises:
        ValueError: what was shown weighs something, or an event type or an attribute of users is named that is none.
    """
    if weight := event_types.get(IMPRESSION):
        raise ValueError(f"event_types: what was shown is no interest: {IMPRESSION} = 0, not {weight:g}")
    done = [name for name in event_types if name != IMPRESSION]
    if strange := [name for name in feedback.named_types() if name not in done]:
        raise ValueError(f"feedback: {strange[0]!r} is none of the event types: {', '.join(done)}")
    said = users.columns.attributes if users else ()
    if strange := [name for name in feedback.user_groups if name not in said]:
        told = ", ".join(said) or "none"
        raise ValueError(f"feedback.user_groups: {strange[0]!r} is none of the attributes of [users]: {told}")


@dataclass(frozen=True)
class Asked:
    """`Feedback` with its defaults filled in.

    Attributes:
        types: of events that are outcomes whatever they weigh.
    """

    window_days: int
    clicks: tuple[str, ...]
    conversions: tuple[str, ...]
    satisfaction: Satisfaction | None
    user_groups: tuple[str, ...]
    types: tuple[str, ...]


def asked(feedback: Feedback, event_types: Mapping[str, float], targets: tuple[str, ...] | None) -> Asked:
    most = max(event_types.values())
    taken = tuple(name for name, weight in event_types.items() if weight > 0)
    return Asked(
        feedback.window_days,
        feedback.clicks or taken,
        feedback.conversions or targets or tuple(name for name in taken if event_types[name] == most),
        feedback.satisfaction,
        feedback.user_groups,
        tuple(dict.fromkeys(feedback.named_types())),
    )
