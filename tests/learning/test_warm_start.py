"""A training begins where an earlier one ended, also when categories came in between."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.learning.step import Example
from lsif.learning.training import build_model, fit
from lsif.learning.warm_start import Start, carry_over
from lsif.model.fusion_model import FusionModel
from tests.known import snapshot_of
from tests.learning.ranked import top_items
from tests.learning.test_training import CUTOFFS, ITEMS, planted, small
from tests.world import catalogue, known, log


def grown(index: ItemIndex) -> ItemIndex:
    """The same items under one more category, which comes before all the others."""
    return replace(index, categories=("", "aa", *index.categories[1:]), category=index.category + (index.category > 0))


def drawn(index: ItemIndex, examples: list[Example], settings: Settings, seed: int) -> FusionModel:
    torch.manual_seed(seed)
    return build_model(index, examples, small(settings)).eval()


def lists(model: FusionModel, index: ItemIndex, settings: Settings) -> Array:
    at = known(log(planted()), CUTOFFS[0], catalogue(ITEMS), settings)
    shot = snapshot_of(at, index, small(settings))
    return top_items(model, shot, index, np.arange(len(shot)), 10)


def test_the_same_lists_whatever_came_into_the_vocabulary(
    shop: tuple[ItemIndex, list[Example]], settings: Settings
) -> None:
    index, examples = shop
    old, new = drawn(index, examples, settings, 1), drawn(grown(index), examples, settings, 2)
    with torch.no_grad():
        for weights in old.parameters():
            weights.add_(torch.randn_like(weights) * 0.2)
    fresh = new.repeat.order.category.weight[1].clone()
    carry_over(new, grown(index), Start(old, index))
    assert np.array_equal(lists(new, grown(index), settings), lists(old, index, settings))
    assert torch.equal(new.repeat.order.category.weight[1], fresh), "nothing is known of the new category"


def test_how_far_the_earlier_model_believed_its_sources_is_not_carried_over(
    shop: tuple[ItemIndex, list[Example]], settings: Settings
) -> None:
    """A source that training hears only faintly is never learned again."""
    index, examples = shop
    old, new = drawn(index, examples, settings, 1), drawn(index, examples, settings, 2)
    old.trust.fill_(0.125)
    old.repeat.stand(2, 0)
    carry_over(new, index, Start(old, index))
    assert torch.equal(new.trust, torch.ones_like(old.trust)) and new.repeat.stretch == 1


def test_a_warm_training_stands_at_once_where_the_first_one_ended(
    shop: tuple[ItemIndex, list[Example]], settings: Settings
) -> None:
    index, examples = shop
    few = small(settings, max_epochs=1, learning_rate=1e-5)
    first = fit(examples[:2], examples[2], index, small(settings))
    cold = fit(examples[:2], examples[2], index, few).epochs[0].ndcg
    warm = fit(examples[:2], examples[2], index, few, start=Start(first.model, first.index)).epochs[0].ndcg
    assert cold < warm - 0.05
    assert warm == pytest.approx(max(epoch.ndcg for epoch in first.epochs), abs=0.02)


def test_another_kind_of_model_is_no_start(shop: tuple[ItemIndex, list[Example]], settings: Settings) -> None:
    index, examples = shop
    narrow = small(settings).model_copy(update={"model": settings.model.model_copy(update={"width": 4})})
    lines: list[str] = []
    few = small(settings, max_epochs=1)
    fit(
        examples[:2],
        examples[2],
        index,
        few,
        lambda line, done: lines.append(line),
        Start(build_model(index, examples, narrow), index),
    )
    assert "begins afresh" in lines[0] and "width 4 ≠ 8" in lines[0]
