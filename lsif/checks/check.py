"""One number held against its bound."""

from dataclasses import dataclass
from typing import Literal

from lsif.bounds import Bound

Verdict = Literal["pass", "warn", "fail", "accepted"]


@dataclass(frozen=True)
class Check:
    """A row of the table `checks`, but for whose it is.

    Attributes:
        name: of the setting that holds the bound, or of a check of the audit.
        value: what was found; None where the check is no number.
        bound: what was allowed.
        note: a sentence on what was found, where it is not well.
        section: of the settings, where the bound is.
    """

    name: str
    value: float | None
    bound: float | None
    verdict: Verdict
    note: str | None = None
    section: str = "checks"


def at_most(name: str, value: float, bound: float, sentence: str) -> Check:
    """Fails with `sentence` when `value` is above `bound`."""
    return _check(name, value, bound, value > bound, sentence)


def at_least(name: str, value: float, bound: float, sentence: str) -> Check:
    """Fails with `sentence` when `value` is below `bound`."""
    return _check(name, value, bound, value < bound, sentence)


def within(name: str, value: float, bound: Bound, sentence: str, section: str, lowest: bool = False) -> Check:
    """Warns or fails with `sentence` when `value` is beyond the bound: above it, or with `lowest` below it."""
    sign = -1 if lowest else 1
    levels: tuple[tuple[Verdict, float | None], ...] = (("fail", bound.fail), ("warn", bound.warn))
    for verdict, level in levels:
        if level is not None and sign * value > sign * level:
            return Check(name, float(value), level, verdict, sentence, section)
    return Check(name, float(value), bound.warn if bound.fail is None else bound.fail, "pass", None, section)


def _check(name: str, value: float, bound: float, is_beyond: bool, sentence: str) -> Check:
    return Check(name, float(value), float(bound), *(("fail", sentence) if is_beyond else ("pass", None)))
