"""How far each source of a new item's score is believed is settled where none of them was fitted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.evaluation.metrics import ndcg
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.learning import training
from lsif.learning.step import Example, marks
from lsif.learning.training import fit
from lsif.learning.trust import CHOICES, CORNERS, GRID, JUDGED, best_choice, pool, trusted
from lsif.learning.validation import Watched, watched
from lsif.model.batch import batch_of
from lsif.model.fusion_model import SOURCES, FusionModel, new_to_user
from tests.learning.test_training import small

WIDTH = 8
"""Of `small` models."""
FULL = torch.ones(len(SOURCES))
MIXED = {"texts": np.random.default_rng(0).permutation(24), "neighbours": np.arange(24).reshape(4, 6).T.ravel()}
"""Whose text or factor each item is given, so that those of one category have them from several."""


@pytest.fixture
def model(shop: tuple[ItemIndex, list[Example]], settings: Settings) -> FusionModel:
    index, (first, second, validation, _) = shop
    learned = fit([first, second], validation, index, small(settings, max_epochs=2)).model.eval()
    learned.trust.copy_(FULL)
    return learned


@torch.no_grad()
def fully_ranked(model: FusionModel, example: Example, index: ItemIndex) -> Array:
    """NDCG of the list of new items of each user who took any, as the model ranks all of them."""
    users = example.targets.active()
    batch = batch_of(example.snapshot, users)
    items = model.all_items(index, example.snapshot.item_features, example.snapshot.item_factors)
    had = marks(batch.history_item, batch.history_mask, len(index))
    had |= marks(batch.tail_item, batch.tail_mask, len(index))
    taken = marks(*example.targets.padded(users), len(index)) & ~had
    new = new_to_user(model(batch, items), batch, items).masked_fill(had, -torch.inf)
    hits, anything = taken.gather(1, new.topk(JUDGED).indices), taken.any(1)
    return ndcg(hits[anything].numpy(), taken.sum(1)[anything].numpy())


def test_every_combination_is_a_choice_and_the_corners_are_among_them() -> None:
    """Takers are believed or not; no other source falls silent."""
    assert len({tuple(row) for row in CHOICES.tolist()}) == len(CHOICES) == 2 * len(GRID) ** 4
    assert torch.equal(CHOICES[0], FULL)
    least = tuple(0.0 if source == "takers" else min(GRID) for source in SOURCES)
    alone = {tuple(low if source == at else 1.0 for source in range(5)) for at, low in enumerate(least)}
    assert {tuple(row) for row in CORNERS.tolist()} == {(1.0,) * 5, least} | alone


def test_a_pool_judges_a_choice_as_the_model_that_believes_so_ranks(
    model: FusionModel, shop: tuple[ItemIndex, list[Example]]
) -> None:
    index, (*_, judged) = shop
    items = model.all_items(index, judged.snapshot.item_features, judged.snapshot.item_factors)
    with torch.no_grad():
        found = pool(model, judged, items, judged.targets.active())
    lists = set()
    for choice in CHOICES[::5]:
        model.trust.copy_(choice)
        expected = fully_ranked(model, judged, index)
        np.testing.assert_allclose(found.ndcg(choice), expected, atol=1e-6)
        lists.add(expected.tobytes())
    assert len(lists) > 3, "the choices must differ"


@pytest.mark.parametrize("source", ["texts", "neighbours", "takers"])
def test_a_source_that_misleads_is_believed_less(
    source: str, model: FusionModel, shop: tuple[ItemIndex, list[Example]]
) -> None:
    index, (*_, judged) = shop
    before = fully_ranked(model, judged, index).mean()
    with torch.no_grad():
        if source == "texts":
            index = replace(index, text=index.text[MIXED[source]])
            model.log_temperature.fill_(-1.0)
        else:
            model.neighbours.gain.bias.fill_(3.0)
            model.takers.counts.fill_(2.0 if source == "takers" else 0.5)
            own = slice(0, WIDTH) if source == "neighbours" else slice(WIDTH, None)
            judged.snapshot.item_factors[:, own] = judged.snapshot.item_factors[MIXED["neighbours"], own]
    spoilt = fully_ranked(model, judged, index).mean()
    model.trust.copy_(found := trusted(model, judged, index))
    assert spoilt < before
    assert found[SOURCES.index(source)] < 1
    assert fully_ranked(model, judged, index).mean() > spoilt


def test_full_trust_stays_where_the_best_is_no_surer_than_chance() -> None:
    rng = np.random.default_rng(0)
    judged = [np.zeros(50) for _ in CHOICES]
    assert torch.equal(best_choice(judged), FULL)
    judged[7] = rng.permutation(np.repeat([-1.0, 1.0], 25)) + 0.1  # standard error .14
    assert torch.equal(best_choice(judged), FULL)
    judged[7] += 0.1
    assert torch.equal(best_choice(judged), CHOICES[7])
    assert torch.equal(best_choice([np.array([0.1 * n]) for n in range(len(CHOICES))]), FULL), "one user is no sample"
    assert torch.equal(best_choice([np.array([]) for _ in CHOICES]), FULL), "nobody took anything new"


def test_the_level_of_repeats_is_set_for_the_trust_that_was_found(
    shop: tuple[ItemIndex, list[Example]], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, (first, second, validation, _) = shop
    found, seen = torch.tensor([0.25, 0.5, 0.0, 1.0, 0.125]), []

    def watching(model: FusionModel, *given: Any) -> Watched:
        seen.append(model.trust.clone())
        return watched(model, *given)

    monkeypatch.setattr(training, "trusted", lambda *given: found)
    monkeypatch.setattr(training, "watched", watching)
    model = fit([first, second], validation, index, small(settings, max_epochs=1)).model
    assert torch.equal(model.trust, found)
    assert torch.equal(torch.stack(seen), torch.stack([FULL, found]))
