"""Sentences by name, with slots for what is only known at night."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Words:
    """A language.

    Attributes:
        code: as HTML names it.
        sentences: templates of `str.format`, by name.
        day: a day as people write it.
        names: of lists, steps, checks and other words of the tables; what is not there stands as it is.
    """

    code: str
    sentences: Mapping[str, str]
    day: Callable[[date], str]
    names: Mapping[str, str]

    def __call__(self, name: str, /, **told: object) -> str:
        return self.sentences[name].format(**told)

    def of_day(self, ds: str) -> str:
        return self.day(date.fromisoformat(ds))

    def name(self, word: str) -> str:
        return self.names.get(word, word.replace("_", " "))

    def listed(self, words: list[str]) -> str:
        return self.sentences["comma"].join(words)
