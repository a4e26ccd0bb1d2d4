"""A made-up log that grows by its users: everybody has some twenty events in ninety days, whatever their number."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.interests.log import DAYS, Shop

EACH = 20
"""Events of a user in `DAYS` days, in the mean; by Zipf, as in the log of `benchmarks.interests`."""
LISTED = """
[lists]
for_you = { k = 20 }
"""
RULED = """
[ranking.rules]
where = "category not like 'c%9'"
not_within = { purchase = 14 }
caps = [{ column = "category", most = 3 }]

[lists.for_you]
rules.boosts = [{ where = "category like 'c%7'", add = 0.2 }]
[lists.buy_again]
items = "own"
[lists.discover]
items = "new"
"""
"""The rules of README and `docs/lists.md`, as far as this catalogue has columns for them."""


@dataclass(frozen=True)
class Crowd(Shop):
    """`Shop` with its sizes given in users and items.

    Attributes:
        one_list: asks for the list of everything alone.
        rules: gives the three lists of the default some rules.
    """

    scale: float = 1.0
    skewed: bool = False
    people: int = 0
    things: int = 0
    one_list: bool = False
    rules: bool = False

    @property
    def events(self) -> int:
        """Of a day."""
        return max(round(self.people * EACH / DAYS), 10)

    @property
    def users(self) -> int:
        return self.people

    @property
    def items(self) -> int:
        return self.things

    def deliver(self, home: Path, days: int) -> None:
        super().deliver(home, days)
        settings = home / "shop.toml"
        settings.write_text(settings.read_text() + LISTED * self.one_list + RULED * self.rules)
