"""Alpha means something: it follows what was planted, the last events, and what the score loses without a branch."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr

from lsif.config import Settings, load_settings, project_folder
from lsif.features.ragged import Array
from lsif.features.snapshot import Snapshot
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning.step import Example
from lsif.learning.targets import targets
from lsif.learning.training import Trained, fit
from lsif.model.batch import batch_of
from lsif.model.fusion_model import Interests, Items
from tests import world
from tests.known import snapshot_of
from tests.planted import DAYS, ITEMS, PER_TOPIC, START, TOPICS, Planted, planted, user_id

USERS, CUTOFFS = 250, 7
NIGHT, *PAST = [str(START + timedelta(days=DAYS - 1 - 7 * weeks)) for weeks in range(1, CUTOFFS + 1)]


@pytest.fixture(scope="module")
def settings() -> Settings:
    own = load_settings(project_folder() / "lsif.toml")
    return own.model_copy(update={"model": own.model.model_copy(update={"width": 32})})


@pytest.fixture(scope="module")
def shop() -> Planted:
    return planted(USERS, seed=0)


@pytest.fixture(scope="module")
def trained(shop: Planted, settings: Settings) -> Trained:
    items, events = world.catalogue(ITEMS), world.events(shop.log)
    vectors = world.vectors(items["item_id"].to_pylist())
    states = world.known(shop.log, PAST[0], items, settings).states(settings)
    index = build_index(states, items, vectors, ("purchase",), world.ENCODER)

    def example(cutoff: str) -> Example:
        shot = seen(shop.log, index, settings, cutoff)
        return Example(shot, targets(events, index, shot.user_ids, cutoff, settings.training.horizon_days))

    return fit([example(cutoff) for cutoff in PAST], example(NIGHT), index, settings)


@pytest.fixture(scope="module")
def night(shop: Planted, trained: Trained, settings: Settings) -> Snapshot:
    return seen(shop.log, trained.index, settings)


def seen(log: pd.DataFrame, index: ItemIndex, settings: Settings, cutoff: str = NIGHT) -> Snapshot:
    return snapshot_of(world.known(log, cutoff, world.catalogue(ITEMS), settings), index, settings)


def interests(trained: Trained, shot: Snapshot) -> tuple[Interests, Items]:
    with torch.inference_mode():
        items = trained.model.all_items(trained.index, shot.item_features, shot.item_factors)
        return trained.model(batch_of(shot, np.arange(len(shot))), items), items


def test_alpha_follows_the_planted_share(shop: Planted, trained: Trained, night: Snapshot) -> None:
    alpha = interests(trained, night)[0].alpha
    assert spearmanr(alpha, shop.long_share).statistic >= 0.6


def test_alpha_agrees_with_what_the_scores_lose_without_a_branch(trained: Trained, night: Snapshot) -> None:
    of, items = interests(trained, night)
    lost = [(branch @ items.vectors.T).std(dim=1) for branch in (of.long, of.short)]
    torch.testing.assert_close(of.alpha, lost[0] / (lost[0] + lost[1]), atol=1e-4, rtol=1e-4)


def test_alpha_falls_when_the_last_events_change_topic(shop: Planted, trained: Trained, settings: Settings) -> None:
    """The same log with six more events at its end, of the lasting topic or of another."""
    other = (shop.taste + np.random.default_rng(1).integers(1, len(TOPICS), USERS)) % len(TOPICS)
    stays, changes = (
        interests(trained, seen(ending(shop, topic), trained.index, settings))[0].alpha for topic in (shop.taste, other)
    )
    assert changes.mean() < stays.mean()
    assert (changes < stays).float().mean() >= 0.65


def ending(shop: Planted, topic: Array) -> pd.DataFrame:
    rows = [
        (user_id(u), ITEMS[topic[u] * PER_TOPIC + (u + n) % PER_TOPIC], NIGHT) for u in range(USERS) for n in range(6)
    ]
    return pd.concat([shop.log, world.log(rows, hour=20)])
