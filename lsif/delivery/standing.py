"""What a destination knows of its loads."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True)
class Load:
    """The lists of one day as one destination wants them; equal ids mean equal rows."""

    id: str
    ds: str


@dataclass(frozen=True)
class Live:
    """The load that readers see.

    Attributes:
        number: of the attempt that wrote it; later ones have larger numbers.
        newest: the newest day that was ever live here; above `ds` where somebody went back.
        hours_left: until readers see nothing any more; None where that is never.
    """

    number: int
    load: str
    ds: str
    rows: int
    newest: str
    hours_left: float | None = field(default=None, compare=False)


class Place(Protocol):
    """One destination, opened. Nothing that it does before `switch` is seen by readers."""

    def live(self) -> Live | None:
        """None before the first."""

    def kept(self, load: Load) -> int | None:
        """Number of an earlier attempt whose rows are here, whole, and could be switched to at once."""

    def begin(self, load: Load) -> int:
        """A number that nobody else has, larger than any before, and room for rows under it."""

    def write(self, number: int, rows: Iterable[pa.Table]) -> int:
        """Write rows; returns how many are there.

        Args:
            rows: by owner and rank; a list lies in one table.
        """

    def switch(self, number: int, load: Load, rows: int | None, seen: Live | None) -> None:
        """Point readers at `number`, which holds `rows`, at once; None are as many as a kept one had.

        Raises:
            Superseded: what is live is no longer `seen`.
        """

    def discard(self, number: int) -> None:
        """Delete what an attempt wrote that is never to be seen."""

    def sweep(self, live: int) -> None:
        """Delete what attempts before `live` left and nobody needs any more."""
