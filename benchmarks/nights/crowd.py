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


@dataclass(frozen=True)
class Crowd(Shop):
    """`Shop` with its sizes given in users and items; `one_list` asks for the list of everything alone."""

    scale: float = 1.0
    skewed: bool = False
    people: int = 0
    things: int = 0
    one_list: bool = False

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
        if self.one_list:
            settings = home / "shop.toml"
            settings.write_text(settings.read_text() + LISTED)
