"""Epsilon of DP-SGD by privacy loss distributions and FFT (Koskela, Jälkö and Honkela, 2020): not as Opacus does."""

import numpy as np
from scipy.stats import norm

LIMIT, BINS = 40.0, 2**18
"""Losses of all steps together lie within ±LIMIT, in so many bins."""


def epsilon(noise: float, rate: float, steps: int, delta: float) -> float:
    """The larger one of what a user's coming and a user's going can show."""
    edges = np.linspace(-LIMIT, LIMIT, BINS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    return max(_epsilon(_loss(edges, noise, rate, going), middle, steps, delta) for going in (True, False))


def _loss(edges: np.ndarray, noise: float, rate: float, going: bool) -> np.ndarray:
    """How likely the loss of one step falls into each bin, where the sum has noise of that deviation."""
    sign = 1 if going else -1
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (np.exp(sign * edges) - (1 - rate)) / rate
        at = np.where(ratio > 0, noise**2 * np.log(np.where(ratio > 0, ratio, 1)) + 0.5, -np.inf)
    with_user = (1 - rate) * norm.cdf(at / noise) + rate * norm.cdf((at - 1) / noise)
    return np.abs(np.diff(with_user if going else norm.cdf(at / noise)))


def _epsilon(loss: np.ndarray, middle: np.ndarray, steps: int, delta: float) -> float:
    whole = np.fft.irfft(np.fft.rfft(np.fft.ifftshift(loss)) ** steps, len(loss))
    of_all = np.fft.fftshift(whole).clip(min=0)
    low, high = 0.0, LIMIT
    for _ in range(50):
        tried = (low + high) / 2
        above = middle > tried
        found = (-np.expm1(tried - middle[above]) * of_all[above]).sum()
        low, high = (tried, high) if found > delta else (low, tried)
    return high
