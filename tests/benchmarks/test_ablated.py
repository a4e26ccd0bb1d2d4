"""A part that is left out takes its own share of the score with it, and nothing else."""

from copy import deepcopy
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.quality.ablated import PARTS, TAKERS, USER, without
from lsif.config import Settings
from lsif.features.snapshot import Snapshot
from lsif.features.vocabulary import ItemIndex
from lsif.learning.training import build_model
from lsif.model.batch import Batch, batch_of
from lsif.model.fusion_model import FusionModel, Interests, Items, new_to_user, scores
from tests.learning.test_training import small, world

pytestmark = pytest.mark.long


class Shop(NamedTuple):
    model: FusionModel
    batch: Batch
    items: Items
    index: ItemIndex
    shot: Snapshot

    def interests(self, part: str = "") -> Interests:
        """As the scoring path has them: of a copy of the model, which it reads."""
        model = deepcopy(without(self.model, part) if part else self.model)
        return model.read(self.batch, self.items)[0]

    def new(self, part: str = "") -> Tensor:
        return new_to_user(self.interests(part), self.batch, self.items)


@pytest.fixture
def shop(settings: Settings) -> Shop:
    index, examples = world(settings)
    torch.manual_seed(0)
    model = build_model(index, examples, small(settings)).eval().requires_grad_(False)
    for weights in model.parameters():
        weights.add_(torch.randn_like(weights) * 0.2)
    shot = examples[-1].snapshot
    items = model.all_items(index, shot.item_features, shot.item_factors)
    return Shop(model, batch_of(shot, np.arange(len(shot))), items, index, shot)


@pytest.mark.parametrize("part", [part for part in PARTS if part not in (TAKERS, USER)])
def test_every_part_counts(shop: Shop, part: str) -> None:
    assert not torch.allclose(
        scores(shop.interests(part), shop.batch, shop.items), scores(shop.interests(), shop.batch, shop.items)
    )


def test_what_goes_is_what_the_part_said(shop: Shop) -> None:
    whole = shop.interests()
    short = whole.short @ shop.items.vectors.T
    torch.testing.assert_close(shop.new() - shop.new("short-term interest"), short, rtol=1e-4, atol=1e-4)
    popular = whole.popularity_gain[:, None] * shop.items.popularity
    torch.testing.assert_close(shop.new() - shop.new("popularity"), popular, rtol=1e-4, atol=1e-4)


def test_nothing_is_left_of_a_blank_half_of_the_items(shop: Shop) -> None:
    width = shop.model.shape.width
    left = shop.interests("text")
    assert not left.long[:, :width].any() and not left.short[:, :width].any()
    assert left.long[:, width:].any()
    assert not shop.interests("factors").long[:, width:].any()


def test_without_takers_an_item_stands_where_its_factor_does(shop: Shop) -> None:
    width, vectors = shop.model.shape.width, {}
    for part, model in {"whole": shop.model, TAKERS: without(shop.model, TAKERS)}.items():
        with torch.no_grad():
            model.takers.counts.fill_(0.5)
            vectors[part] = model.all_items(shop.index, shop.shot.item_features, shop.shot.item_factors).vectors
    torch.testing.assert_close(vectors[TAKERS][:, width:], shop.items.factors)
    takers = torch.from_numpy(shop.shot.item_factors[:, shop.items.factors.shape[1] :])
    torch.testing.assert_close((vectors["whole"] - vectors[TAKERS])[:, width:], 0.5 * takers)
    assert takers.any()


def test_without_repeats_the_history_is_ranked_by_count(shop: Shop) -> None:
    """All of it before all else."""
    found = scores(shop.interests("repeat term"), shop.batch, shop.items)
    counts = shop.batch.history_features[..., shop.model.neighbours.weight]
    for user in range(len(shop.batch)):
        rows = shop.batch.history_mask[user]
        own = shop.batch.history_item[user][rows]
        best = found[user].topk(len(own)).indices
        assert sorted(best.tolist()) == sorted(own.tolist())
        first = counts[user][rows][found[user][own].argmax()]
        assert first == pytest.approx(counts[user][rows].max().item(), abs=1e-4), "of two equal ones either"


def test_the_model_itself_stays_whole(shop: Shop) -> None:
    before = shop.new()
    without(shop.model, "popularity")
    assert torch.equal(shop.new(), before)
