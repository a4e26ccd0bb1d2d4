"""The nights that a night is held against: those published before it, added up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from lsif.bounds import Drift
from lsif.days import day_before
from lsif.drift.profile import OUTPUTS, Profile
from lsif.tables import Tables


@dataclass(frozen=True)
class Reference:
    """Nights before one, of any model where what is read is meant, and of one model for what it gives.

    Attributes:
        nights: how many there are, by whether they are of the night's own model version alone.
        profiles: their sums.
        weekdays: sums of those on the night's weekday.
    """

    nights: dict[bool, int]
    profiles: dict[bool, Profile]
    weekdays: dict[bool, Profile]


def reference(tables: Tables, ds: str, version: str, bounds: Drift) -> Reference:
    """The newest of the nights before `ds`; a later one, of a day that is made again, says nothing of it."""
    days = tables.days("night_profiles", day_before(ds, 2 * bounds.nights), day_before(ds))
    rows = tables.read("night_profiles", days).to_pylist()
    mine = [row for row in rows if row["model_version"] == version]
    found = {own: _newest(mine if own else rows, bounds.nights) for own in (False, True)}

    def sums(chosen: Callable[[str], bool]) -> dict[bool, Profile]:
        return {own: Profile.from_rows(r for r in each if chosen(r["ds"])) for own, each in found.items()}

    nights = {own: len({row["ds"] for row in each}) for own, each in found.items()}
    return Reference(nights, sums(lambda day: True), sums(lambda day: _weekday(day) == _weekday(ds)))


def is_own(part: str) -> bool:
    """Whether only nights of the same model version compare."""
    return part in OUTPUTS


def _newest(rows: list[dict[str, Any]], nights: int) -> list[dict[str, Any]]:
    days = set(sorted({row["ds"] for row in rows})[-nights:])
    return [row for row in rows if row["ds"] in days]


def _weekday(ds: str) -> int:
    return date.fromisoformat(ds).weekday()
