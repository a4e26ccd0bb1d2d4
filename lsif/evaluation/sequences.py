"""What is known of rates of users' outcomes at any moment, however often somebody has looked before.

A variant's rate is the sum of its users' outcomes over the sum of what could have had one (exposures, or nights with a
list). Users are what was drawn, so that they are what varies: a user's own outcomes are never taken for independent.

Intervals are an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Annals of Statistics
52, 2024, theorem 2.2; after the normal mixture of Robbins, 1970, and Howard, Ramdas, McAuliffe and Sekhon, Annals of
Statistics 49, 2021): with a probability of 95 % the truth lies in all of them, on every day, so that one may stop when
one likes. Instead of 1.96 standard errors they have

    sqrt((t + 1) / t * log((t + 1) / alpha^2)),    t = n * rho^2,

n the clock, that is what was counted so far, and rho^2 the constant by which they are narrowest at n = `TIGHT` (there,
3.0). The clock counts exposures and not users: the same users come back with new outcomes, day after day. What lasts of
a user makes one day's difference like another's, which crosses a bound less often than new draws would (Slepian).

The standard error of a rate is that of a ratio of sums over users (delta method: Cochran, Sampling Techniques, 1977,
6.4). That of a difference takes both variants' users to have one rate, as they have where there is no difference.
"""

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ALPHA = 0.05
TIGHT = 1000.0
FEWEST = 30
"""Users of a variant, and outcomes of those that are compared, below which there is no interval: a mean of fewer is far
from normal."""
RHO2 = (-2 * log(ALPHA) + log(-2 * log(ALPHA) + 1)) / TIGHT


@dataclass(frozen=True)
class Sums:
    """Of the users of some variants, each a number or an array of one shape.

    Attributes:
        users: how many have at least one chance.
        x, y: their chances and outcomes.
        xx, xy, yy: sums over users of squares and products of these.
    """

    users: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: Floats


@dataclass(frozen=True)
class Known:
    """A value and the ends of its interval, NaN where there is none."""

    value: Floats
    low: Floats
    high: Floats


def width(clock: Floats) -> Floats:
    """Half of an interval in standard errors, after so much was counted."""
    with np.errstate(divide="ignore"):
        time = clock * RHO2
        found: Floats = np.sqrt((1 + 1 / time) * np.log((time + 1) / ALPHA**2))
    return found


def rate(of: Sums) -> Known:
    """Outcomes by chance."""
    value = _ratio(of.y, of.x)
    return _known(value, _variance(of, value), of.x, (of.users >= FEWEST) & (of.y >= FEWEST))


def gain(of: Sums, control: Sums) -> Known:
    """By how much a variant's rate is above the control's."""
    both = _ratio(of.y + control.y, of.x + control.x)
    variance = _variance(of, both) + _variance(control, both)
    enough = (np.minimum(of.users, control.users) >= FEWEST) & (of.y + control.y >= FEWEST)
    return _known(_ratio(of.y, of.x) - _ratio(control.y, control.x), variance, of.x + control.x, enough)


def _known(value: Floats, variance: Floats, clock: Floats, enough: npt.NDArray[np.bool_]) -> Known:
    half = np.where(enough, width(clock) * np.sqrt(variance), np.nan)
    return Known(value, value - half, value + half)


def _variance(of: Sums, value: Floats) -> Floats:
    """Of a ratio of sums over users, taken to be `value`."""
    squares = of.yy - 2 * value * of.xy + value**2 * of.xx
    return _ratio(np.maximum(squares, 0) * of.users / np.maximum(of.users - 1, 1), of.x**2)


def _ratio(one: Floats, other: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.divide(one, other)
    return found
