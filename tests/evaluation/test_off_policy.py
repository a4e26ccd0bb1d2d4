"""Other lists on rows that were drawn: a world of which the truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from lsif.errors import LsifError
from lsif.evaluation.off_policy import Shown, doubly_robust, self_normalised
from lsif.features.ragged import Array

USERS, RANKS, ITEMS = 800, 4, 6
"""Each rank draws one of its own `ITEMS` items."""


class World:
    """Clicks depend on the kind of user, item and rank. Lists that were shown prefer what few click on."""

    def __init__(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        likes = chance.beta(1, 3, (2, RANKS, ITEMS))
        self.click = likes * (1.0 / np.arange(1, RANKS + 1))[:, None]
        kind = chance.integers(0, 2, USERS)
        self.logged = np.exp(-likes) / np.exp(-likes).sum(2, keepdims=True)
        best = likes.argmax(2)
        self.target = 0.8 * (best[:, :, None] == np.arange(ITEMS)) + 0.2 / ITEMS
        self.truth = float((self.target * self.click).sum(2)[kind].mean())
        user, rank = np.divmod(np.arange(USERS * RANKS), RANKS)
        self.cell = (kind[user], rank)
        bounds = self.logged[self.cell].cumsum(1)
        item = np.minimum((chance.random(len(user))[:, None] > bounds).sum(1), ITEMS - 1)
        at = (*self.cell, item)
        clicked = (chance.random(len(user)) < self.click[at]).astype(float)
        self.item = item
        self.shown = Shown(user, rank + 1, self.logged[at], self.target[at], clicked)

    def said(self, model: Array) -> tuple[Array, Array]:
        """What a model [2, RANKS, ITEMS] expects of the rows, and of the other lists in their place."""
        return model[(*self.cell, self.item)], (self.target * model).sum(2)[self.cell]


def test_the_truth_lies_in_the_interval_and_the_mean_of_what_was_shown_is_another() -> None:
    held = {"self_normalised": 0, "doubly_robust": 0, "wrong_model": 0, "naive": 0}
    for seed in range(100):
        world = World(seed)
        click = world.click
        found = {
            "self_normalised": self_normalised(world.shown),
            "doubly_robust": doubly_robust(world.shown, *world.said(0.7 * click + 0.02)),
            "wrong_model": doubly_robust(world.shown, *world.said(np.full_like(click, 0.5))),
            "naive": self_normalised(
                replace(world.shown, logged=np.ones(USERS * RANKS), target=np.ones(USERS * RANKS))
            ),
        }
        for name, one in found.items():
            held[name] += one.low <= world.truth <= one.high
    assert min(held["self_normalised"], held["doubly_robust"], held["wrong_model"]) >= 90, held
    assert held["naive"] <= 10, held


def test_a_model_that_knows_makes_the_interval_narrower() -> None:
    world = World(0)
    plain, helped = self_normalised(world.shown), doubly_robust(world.shown, *world.said(world.click))
    assert helped.high - helped.low < plain.high - plain.low


def test_the_same_lists_earn_what_they_earned() -> None:
    world = World(1)
    same = replace(world.shown, target=world.shown.logged)
    found = self_normalised(same)
    assert found.value == pytest.approx(world.shown.reward.mean())
    assert (found.effective, found.overlap) == (pytest.approx(USERS * RANKS), pytest.approx(1))
    by_user = world.shown.reward.reshape(USERS, RANKS).mean(1)
    by_rank = world.shown.reward.reshape(USERS, RANKS) - world.shown.reward.reshape(USERS, RANKS).mean(0)
    error = 1.959964 * np.sqrt((by_rank.mean(1) ** 2).sum()) / USERS
    assert found.high - by_user.mean() == pytest.approx(error)


def test_lists_that_were_hardly_shown_are_refused_in_words() -> None:
    world = World(2)
    unseen = replace(world.shown, target=np.where(world.shown.rank > 2, world.shown.logged, 0))
    with pytest.raises(LsifError, match="50% of what the other lists show was shown to nobody"):
        self_normalised(unseen)
    few = replace(world.shown, target=np.where(np.arange(USERS * RANKS) < 40, 40 * world.shown.logged, 0))
    with pytest.raises(LsifError, match="worth 40 rows of the other lists: 100 are wanted"):
        doubly_robust(few, *world.said(world.click))
    with pytest.raises(ValueError, match="had a probability"):
        self_normalised(replace(world.shown, logged=np.zeros(USERS * RANKS)))
