"""Charts as numbers of an SVG that is stretched to its place: 100 wide and 100 high, the lines as thick as ever.

Words stand beside it in HTML, so that they are as large on a telephone as on a desk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lsif.report.blocks import Span, Trend

ROOM = 1.08
"""Above the highest value."""
FEW = 12
"""Nights that have a dot each."""


@dataclass(frozen=True)
class Drawn:
    """A trend: paths, and what stands at the axis."""

    band: str
    ours: str
    theirs: str
    dots: str
    top: str
    first: str
    last: str
    newest: str


def drawn(trend: Trend) -> Drawn:
    known = [value for part in (trend.ours, trend.high, trend.theirs) for value in part if value is not None]
    top = max(known, default=1.0) * ROOM or 1.0
    xs = _across(len(trend.days))
    newest = next((value for value in reversed(trend.ours) if value is not None), None)
    return Drawn(
        band=_band(xs, trend.low, trend.high, top),
        ours=_line(xs, trend.ours, top),
        theirs=_line(xs, trend.theirs, top),
        dots=_dots(xs, trend.ours, top),
        top=f"{top:.2f}" if top >= 0.1 else f"{top:.3f}",
        first=trend.days[0][5:],
        last=trend.days[-1][5:],
        newest="" if newest is None else f"{newest:.3f}",
    )


@dataclass(frozen=True)
class Scale:
    """Places from 0 to 100 of the values of some intervals."""

    low: float
    high: float

    @classmethod
    def of(cls, spans: Sequence[Span], mark: float | None) -> "Scale":
        ends = [end for one in spans for end in (one.value, one.low, one.high) if end is not None]
        ends += [mark] if mark is not None else []
        low, high = min(ends), max(ends)
        room = 0.04 * (high - low) or 0.5 * abs(high) or 1.0
        begins = 0.0 if mark == 0 and low >= 0 else low - room
        return cls(begins, high + room)

    def at(self, value: float) -> str:
        return f"{100 * (value - self.low) / (self.high - self.low):.2f}"


def _dots(xs: Sequence[float], ys: Sequence[float | None], top: float) -> str:
    """One for each night, or of many for the newest alone."""
    known = [f"M{x:.2f} {_up(y, top):.2f}h0" for x, y in zip(xs, ys, strict=True) if y is not None]
    return "".join(known if len(known) <= FEW else known[-1:])


def _across(points: int) -> list[float]:
    return [50.0] if points == 1 else [2 + 96 * place / (points - 1) for place in range(points)]


def _up(value: float, top: float) -> float:
    return 100 - 100 * value / top


def _line(xs: Sequence[float], ys: Sequence[float | None], top: float) -> str:
    """Broken where nothing is known."""
    if len(xs) == 1 and ys[0] is not None:  # one night: a dash as wide as its dot
        return f"M{xs[0] - 3:.2f} {_up(ys[0], top):.2f}h6"
    path, pen = "", "M"
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            pen = "M"
            continue
        path += f"{pen}{x:.2f} {_up(y, top):.2f}"
        pen = "L"
    return path


def _band(xs: Sequence[float], low: Sequence[float | None], high: Sequence[float | None], top: float) -> str:
    known = [(x, a, b) for x, a, b in zip(xs, low, high, strict=True) if a is not None and b is not None]
    if len(known) == 1:  # one night: a stroke as wide as its dot
        ((x, a, b),) = known
        known = [(x - 1, a, b), (x + 1, a, b)]
    there = [f"{x:.2f} {_up(b, top):.2f}" for x, _, b in known]
    back = [f"{x:.2f} {_up(a, top):.2f}" for x, a, _ in reversed(known)]
    return "M" + "L".join(there + back) + "Z" if known else ""
