"""Numbers as people read them."""

from collections.abc import Sequence

NARROW = "\N{NO-BREAK SPACE}"
"""Between a number and its unit, so that no line ends there."""


def count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def score(value: float | None) -> str:
    """Of a metric between 0 and 1."""
    return "" if value is None else f"{value:.3f}".replace("-", "−")


def signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}".replace("-", "−")


def percent(value: float | None, decimals: int = 1) -> str:
    return "" if value is None else f"{100 * value:.{decimals}f}{NARROW}%".replace("-", "−")


def relative(ours: float, theirs: float) -> str:
    """How much more, in percent; nothing where there is nothing to compare with."""
    return f"{100 * (ours / theirs - 1):+.0f}{NARROW}%".replace("-", "−") if theirs > 0 else ""


def seconds(value: float) -> str:
    if value < 90:
        return f"{value:.1f}{NARROW}s" if value < 10 else f"{value:.0f}{NARROW}s"
    return f"{value / 60:.1f}{NARROW}min"


def megabytes(value: float) -> str:
    return f"{value:,.0f}{NARROW}MB" if value < 10_000 else f"{value / 1024:,.1f}{NARROW}GB"


def median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def shades(counts: Sequence[int], most: int = 4) -> list[int]:
    """Each count as a shade: 0 is nothing, `most` the highest."""
    top = max(counts, default=0)
    return [0 if not one else max(1, round(most * one / top)) for one in counts]
