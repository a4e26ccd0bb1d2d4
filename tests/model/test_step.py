"""What one training step looks at, and who learns from what."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.model import sampling
from lsif.model.sampling import Sampler
from lsif.model.snapshot import snapshot
from lsif.model.step import Example, step_inputs, step_loss
from lsif.model.targets import targets
from lsif.model.training import build_model
from lsif.model.vocabulary import ItemIndex, build_index
from tests.model.world import ENCODER, catalogue, events, known, log, vectors

DS = "2017-06-30"
ITEMS = ["a-1", "a-2", "a-3", "b-1", "b-2", "b-3"]
LOG = log(
    [
        ("u1", "a-1", "2017-06-20"),
        ("u1", "a-2", "2017-06-28"),
        ("u2", "b-1", "2017-06-29"),
        ("u2", "b-2", "2017-06-29"),
        ("u3", "b-3", "2017-06-29"),
        ("u3", "a-3", "2017-06-29"),
        ("u1", "a-1", "2017-07-01"),
        ("u1", "b-1", "2017-07-02"),
        ("u2", "b-2", "2017-07-03"),
    ]
)


@pytest.fixture
def index(settings: Settings) -> ItemIndex:
    items = catalogue(ITEMS)
    return build_index(known(LOG, DS, items, settings).histories, items, vectors(ITEMS), ("purchase",), ENCODER)


@pytest.fixture
def example(settings: Settings, index: ItemIndex) -> Example:
    shot = snapshot(known(LOG, DS, catalogue(ITEMS), settings), index, settings)
    return Example(shot, targets(events(LOG), index, shot.user_ids, DS, 7))


def test_own_items_and_targets_count_in_full_and_the_others_as_drawn(
    index: ItemIndex, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "FULL_SOFTMAX", 5)
    sampler = Sampler(np.array([0.0, 0, 0, 0, 0, 1]), np.random.default_rng(0), draws=1)  # draws b-3
    step = step_inputs(example, example.targets.active(), sampler)
    assert [ITEMS[item] for item in step.candidates] == ["a-1", "a-2", "b-1", "b-2", "b-3"]
    expected = 1 / (0.5 / 6 + 0.5)
    np.testing.assert_allclose(step.correction.exp(), [[1, 1, 1, 0, expected], [0, 0, 1, 1, expected]], rtol=1e-6)
    assert step.positive.tolist() == [[True, False, True, False, False], [False, False, False, True, False]]
    assert step.own.tolist() == [[True, True, False, False, False], [False, False, True, True, False]]
    assert step.candidates[step.batch.history_item[0]].tolist() == [1, 0]
    np.testing.assert_array_equal(step.item_features, example.snapshot.item_features[step.candidates.numpy()])


def test_interests_learn_from_what_is_new_only(settings: Settings, index: ItemIndex, example: Example) -> None:
    """With every candidate in the user's history, the interests and the item vectors get no gradient; repeats do."""
    torch.manual_seed(0)
    model = build_model(index, [example], settings)
    step = step_inputs(example, example.targets.active(), Sampler(index.counts, np.random.default_rng(0)))
    inputs = model.tower.inputs(index)

    def gradients(own: torch.Tensor) -> list[float]:
        model.zero_grad()
        step_loss(model, replace(step, own=own), inputs).backward()
        weights = (model.tower.project.weight, model.long.join.weight, model.repeat.out.weight)
        return [float(one.grad.abs().sum()) for one in weights if one.grad is not None]

    project, join, repeat = gradients(torch.ones_like(step.own))
    assert project == join == 0
    assert repeat > 0
    assert min(gradients(step.own)) > 0
