"""Training: a planted world is learned, twice the same, and stopped in time."""

import copy
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.item_features import COLUMNS, ITEM_FEATURES
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning import training
from lsif.learning.step import Example
from lsif.learning.targets import Targets, targets
from lsif.learning.training import build_model, fit
from lsif.learning.validation import Watched, watched
from lsif.model.fusion_model import FusionModel
from tests.known import snapshot_of
from tests.learning.ranked import mean_ndcg, top_items
from tests.world import ENCODER, catalogue, events, known, log, vectors

ITEMS = [f"{category}-{n}" for category in "abcd" for n in range(6)]
CUTOFFS = ["2017-06-02", "2017-06-09", "2017-06-16", "2017-06-23"]


def planted(users: int = 40) -> list[tuple[str, str, str]]:
    """Every user keeps to one category and takes two of its items weekly; everybody takes d-0 now and then."""
    rng = np.random.default_rng(5)
    rows = []
    for user in range(users):
        category = "abc"[user % 3]
        favourites = [f"{category}-{n}" for n in rng.choice(6, 2, replace=False)]
        for week in range(9):
            monday = date(2017, 5, 1) + timedelta(days=7 * week + int(rng.integers(0, 7)))
            extra = f"{category}-{rng.integers(0, 6)}" if rng.random() < 0.5 else "d-0"
            rows += [(f"u{user:02d}", item, str(monday)) for item in {*favourites, extra}]
    return rows


def small(settings: Settings, **changed: object) -> Settings:
    changes = {"max_epochs": 6, "batch_users": 16, "learning_rate": 1e-2, **changed}
    return settings.model_copy(
        update={
            "model": settings.model.model_copy(update={"width": 8}),
            "training": settings.training.model_copy(update=changes),
        }
    )


def world(settings: Settings) -> tuple[ItemIndex, list[Example]]:
    frame, items = log(planted()), catalogue(ITEMS)
    index = build_index(
        known(frame, CUTOFFS[-2], items, settings).states(settings), items, vectors(ITEMS), ("purchase",), ENCODER
    )
    found = []
    for cutoff in CUTOFFS:
        shot = snapshot_of(known(frame, cutoff, items, settings), index, settings)
        found.append(Example(shot, targets(events(frame), index, shot.user_ids, cutoff, 7)))
    return index, found


def test_a_planted_world_is_learned_better_than_popularity(settings: Settings) -> None:
    index, (first, second, validation, judged) = world(settings)
    made = fit([first, second], validation, index, small(settings))
    users = judged.targets.active()
    learned = mean_ndcg(top_items(made.model, judged.snapshot, index, users, 5), judged.targets, users)
    buyers = judged.snapshot.item_features[:, ITEM_FEATURES.index("log_buyers_28d")]
    popular = np.tile(np.argsort(-buyers, kind="stable")[:5], (len(users), 1))
    assert learned > mean_ndcg(popular, judged.targets, users) + 0.3
    assert learned > 0.8


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(settings: Settings) -> None:
    index, (first, _, validation, _) = world(settings)

    def weights(seed: int) -> dict[str, bytes]:
        made = fit([first], validation, index, small(settings, max_epochs=2, seed=seed))
        return {name: value.numpy().tobytes() for name, value in made.model.state_dict().items()}

    torch.manual_seed(99)  # what happened before must not matter
    once = weights(1)
    torch.manual_seed(7)
    assert once == weights(1)
    assert once != weights(2)


def test_sums_are_taken_in_an_order_that_no_thread_decides(settings: Settings) -> None:
    """In the small world here one thread does it all; with two, a real log's weights differed from run to run."""
    index, (first, _, validation, _) = world(settings)
    seen: list[bool] = []
    few = small(settings, max_epochs=1)
    fit([first], validation, index, few, lambda line, done: seen.append(torch.are_deterministic_algorithms_enabled()))
    assert seen == [True]
    assert not torch.are_deterministic_algorithms_enabled()


def test_training_leaves_the_callers_random_state_alone(settings: Settings) -> None:
    index, (first, _, validation, _) = world(settings)
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    fit([first], validation, index, small(settings, max_epochs=1))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize(("few", "epochs"), [(10_000, 8), (0, 3)])
def test_a_small_log_is_passed_over_more_often(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, few: int, epochs: int
) -> None:
    index, (first, _, validation, _) = world(settings)
    monkeypatch.setattr(training, "FEW_STEPS", few)
    made = fit([first], validation, index, small(settings, max_epochs=None, patience=99))
    assert len(made.epochs) == epochs


def test_each_part_is_of_the_epoch_with_its_least_loss_and_patience_ends_the_training(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, (first, second, validation, _) = world(settings)
    lines: list[tuple[str, float]] = []
    models: list[FusionModel] = []
    losses = iter([(5.0, 3.0), (4.0, 2.0), (4.5, 1.0), (4.0, 1.5), (6.0, 1.5), (6.0, 9.0), (0.0, 0.0)])

    def seen(model: FusionModel, *_: object) -> Watched:
        models.append(copy.deepcopy(model))
        return Watched(1.0, 0.0, 0.5, *next(losses))

    monkeypatch.setattr(training, "watched", seen)
    made = fit(
        [first, second],
        validation,
        index,
        small(settings, max_epochs=30, patience=2),
        lambda line, done: lines.append((line, done)),
    )
    assert (made.interests_of, made.repeat_of) == (4, 3), "of equals the latest"
    assert len(made.epochs) == 6 == len(lines), "two epochs in which neither gained"
    assert lines[-1][1] == pytest.approx(6 / 30)
    assert torch.equal(made.model.tower.project.weight, models[3].tower.project.weight)
    assert torch.equal(made.model.repeat.order.out.weight, models[2].repeat.order.out.weight)
    assert not made.model.training


def test_the_losses_of_both_lists_by_hand(settings: Settings) -> None:
    """A model that knows nothing spreads its belief evenly over each list."""
    index, (first, _, validation, _) = world(settings)
    model = build_model(index, [first], settings)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
    shot, truth = validation.snapshot, validation.targets
    without_factors = replace(shot, item_factors=np.zeros_like(shot.item_factors))
    found = watched(model, replace(validation, snapshot=without_factors), index, 10)
    new, own = found.new_loss, found.own_loss
    rows = [set(items) for items in np.split(shot.history_item, shot.history_start[1:-1])]
    taken = [set(items) for items in np.split(truth.item, truth.start[1:-1])]
    pairs = list(zip(rows, taken, strict=True))
    assert new == pytest.approx(np.mean([np.log(len(index) - len(had)) for had, took in pairs if took - had]), rel=1e-5)
    assert own == pytest.approx(np.mean([np.log(len(had)) for had, took in pairs if took & had]), rel=1e-5)


def test_a_catalogue_that_nobody_reads_makes_no_outlier_of_what_somebody_takes(settings: Settings) -> None:
    """Standardised by the catalogue alone, each would be five deviations off, and all the same."""
    index, (first, *_) = world(settings)
    features, column = first.snapshot.item_features, COLUMNS.index("log_buyers_28d")
    dead = np.zeros((10_000, features.shape[1]), np.float32)
    most = replace(first, snapshot=replace(first.snapshot, item_features=np.concatenate([features, dead])))
    model = build_model(index, [most], settings)
    found = model.item_scale(torch.from_numpy(features))[:, column].numpy()
    assert np.abs(found).max() < 4
    assert len(np.unique(found)) == len(np.unique(features[:, column])) > 3


def test_nothing_to_learn_from_is_said(settings: Settings) -> None:
    index, (first, _, validation, _) = world(settings)
    users = len(first.snapshot)
    empty = Example(
        first.snapshot, Targets(np.zeros(users + 1, int), np.zeros(0, int), np.zeros(users, int), np.zeros(0))
    )
    with pytest.raises(LsifError, match="nothing to learn from"):
        fit([empty], validation, index, settings)


def test_ndcg_by_hand() -> None:
    """User 0 took 1 and 3 and a cold item; user 1 took 0. Lists of two."""
    truth = Targets(start=np.array([0, 2, 3]), item=np.array([1, 3, 0]), total=np.array([3, 1]), worth=np.ones(3))
    gain = 1 / np.log2(3)
    assert mean_ndcg(np.array([[2, 3]]), truth, np.array([0])) == pytest.approx(gain / (1 + gain))
    assert mean_ndcg(np.array([[3, 1], [0, 4]]), truth, np.array([0, 1])) == 1.0
