"""What a language file holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """What a user does with an item of some event types, which are written in small letters without `_` and `-`.

    Attributes:
        does, did: of one item; `$it` stands for it.
    """

    types: tuple[str, ...]
    does: str
    did: str


@dataclass(frozen=True)
class Words:
    """Sentences, in which `$name` stands for what is known when a row is made.

    Attributes:
        verbs: the first is for all event types that none of the others is for.
        this: stands for an item of which the sentence is a reason.
        titled: a title among other words: `$title`.
        often, once: an own item that was taken on several days, or on one: `$does` and `$did`, `$gap`, `$when`.
        one: a new item, by one other item: `$did`, `$when`.
        alike: by two to which the user did the same on one day: `$did` (with `$both` in the place of `$it`), `$when`.
        two: by two: `$did`, `$when`, `$did_too`, `$when_too`.
        both: `$first` and `$second`.
        codes: what a row without evidence says, by its `reason_code`.
        searched: what it says where it stands on what the user searched for.
        gap: how many days lie between, from one.
        when: how many days ago, from nought, and that day's number in the week, Monday is 0.
    """

    verbs: tuple[Verb, ...]
    this: str
    titled: str
    often: str
    once: str
    one: str
    alike: str
    two: str
    both: str
    codes: Mapping[str, str]
    searched: str
    gap: Callable[[int], str]
    when: Callable[[int, int], str]
