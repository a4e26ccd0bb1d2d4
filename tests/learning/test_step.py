"""What one training step looks at, and who learns from what."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning import sampling
from lsif.learning import step as steps
from lsif.learning.sampling import Sampler
from lsif.learning.step import Example, Step, step_inputs, step_loss
from lsif.learning.targets import targets
from lsif.learning.training import build_model
from lsif.model.batch import batch_of
from lsif.model.fusion_model import FusionModel
from lsif.model.item_tower import ItemInputs
from tests.known import snapshot_of
from tests.world import ENCODER, catalogue, events, known, log, vectors

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
    return build_index(known(LOG, DS, items, settings).states(settings), items, vectors(ITEMS), ("purchase",), ENCODER)


@pytest.fixture
def example(settings: Settings, index: ItemIndex) -> Example:
    shot = snapshot_of(known(LOG, DS, catalogue(ITEMS), settings), index, settings)
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


def test_what_a_target_is_worth_stands_at_its_candidate(index: ItemIndex, example: Example) -> None:
    worth = np.arange(1, len(example.targets.item) + 1, dtype=np.float32)
    example = replace(example, targets=replace(example.targets, worth=worth))
    step = step_inputs(example, example.targets.active(), Sampler(np.ones(6), np.random.default_rng(0)))
    assert step.worth.tolist() == [[1, 0, 0, 2, 0, 0], [0, 0, 0, 0, 3, 0]]
    assert (step.worth > 0).equal(step.positive)


def gradients(model: FusionModel, step: Step, inputs: ItemInputs) -> dict[str, float]:
    """How much each part of the model learns from a step."""
    model.zero_grad()
    step_loss(model, step, inputs).backward()
    parts = {
        "text": model.tower.project.weight,
        "long": model.long.join.weight,
        "neighbours": model.neighbours.row.weight,
        "groups": model.groups.out.weight,
        "popularity": model.popularity.item[3].weight,
        "order": model.repeat.order.out.weight,
        "odds": model.repeat.odds.out.weight,
        "level": model.repeat.level.bias,
    }
    return {name: 0.0 if one.grad is None else float(one.grad.abs().sum()) for name, one in parts.items()}


NEW = ("text", "long", "neighbours", "groups", "popularity")


def test_each_list_teaches_its_own_part(settings: Settings, index: ItemIndex, example: Example) -> None:
    """Without new items taken the interests learn nothing; without repeats the rows' order does not."""
    torch.manual_seed(0)
    model = build_model(index, [example], settings)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(torch.randn_like(weights) * 0.1)
    step = step_inputs(example, example.targets.active(), Sampler(index.counts, np.random.default_rng(0)))
    step = replace(step, item_factors=torch.randn_like(step.item_factors))  # too few users here for factors
    inputs = model.tower.inputs(index)
    assert min(gradients(model, step, inputs).values()) > 0
    repeats_only = gradients(model, replace(step, positive=step.positive & step.own), inputs)
    assert [repeats_only[part] for part in NEW] == [0] * len(NEW)
    assert min(repeats_only[part] for part in ("order", "odds", "level")) > 0


def test_the_level_is_all_that_the_list_of_everything_teaches(
    settings: Settings, index: ItemIndex, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build_model(index, [example], settings)
    step = step_inputs(example, example.targets.active(), Sampler(index.counts, np.random.default_rng(0)))
    monkeypatch.setattr(steps, "_own", lambda interests, step: torch.zeros(()))
    found = gradients(model, replace(step, positive=step.own), model.tower.inputs(index))
    assert found.pop("level") > 0
    assert set(found.values()) == {0.0}


def test_some_users_of_a_cutoff_are_what_they_were(example: Example) -> None:
    users = np.array([0, 1])
    kept = Example(example.snapshot.only(users), example.targets.only(users))
    assert kept.snapshot.user_ids.to_pylist() == ["u1", "u2"]
    for name, values in vars(batch_of(example.snapshot, users)).items():
        torch.testing.assert_close(getattr(batch_of(kept.snapshot, users), name), values)
    assert kept.targets.item.tolist() == example.targets.item.tolist()
    assert kept.targets.active().tolist() == [0, 1]
