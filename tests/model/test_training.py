"""Training: a planted world is learned, twice the same, and stopped in time."""

from datetime import date, timedelta

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.model import training
from lsif.model.item_features import ITEM_FEATURES
from lsif.model.snapshot import snapshot
from lsif.model.step import Example
from lsif.model.targets import Targets, targets
from lsif.model.training import fit
from lsif.model.validation import as_good, mean_ndcg, top_items
from lsif.model.vocabulary import ItemIndex, build_index
from tests.model.world import ENCODER, catalogue, events, known, log, vectors

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
        known(frame, CUTOFFS[-2], items, settings).histories, items, vectors(ITEMS), ("purchase",), ENCODER
    )
    found = []
    for cutoff in CUTOFFS:
        shot = snapshot(known(frame, cutoff, items, settings), index, settings)
        found.append(Example(shot, targets(events(frame), index, shot.user_ids, cutoff, 7)))
    return index, found


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


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


def test_the_latest_epoch_as_good_as_the_best_is_kept_and_patience_ends_the_training(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, (first, second, validation, _) = world(settings)
    users, lines = validation.targets.active(), []
    chance = np.where(np.arange(len(users)) % 2, 0.1, -0.1)
    seen = iter([0.5, 0.6 + chance, 0.59, 0.3, 0.2, 0.9])
    monkeypatch.setattr(training, "best_level", lambda *_: (0.0, np.zeros(len(users)) + next(seen)))
    made = fit(
        [first, second],
        validation,
        index,
        small(settings, max_epochs=30, patience=2),
        lambda line, done: lines.append((line, done)),
    )
    assert made.kept_epoch == 3, "a hundredth below the best, which chance makes as well"
    assert len(made.epochs) == 5 == len(lines), "two worse ones in a row"
    assert lines[-1][1] == pytest.approx(5 / 30)
    assert not made.model.training


def test_the_model_is_that_of_the_epoch_that_was_kept(settings: Settings) -> None:
    index, (first, second, validation, _) = world(settings)
    made = fit([first, second], validation, index, small(settings, max_epochs=6))
    users = validation.targets.active()
    again = mean_ndcg(top_items(made.model, validation.snapshot, index, users, 10), validation.targets, users)
    assert again == pytest.approx(made.epochs[made.kept_epoch - 1].ndcg, abs=1e-12)


def test_one_standard_error_is_chance_and_more_is_not() -> None:
    best = np.array([0.5, 0.1, 0.9, 0.3])
    noise = np.array([0.1, -0.1, 0.1, -0.1])  # a standard error of 0.0577
    assert as_good(best + noise - 0.057, best)
    assert not as_good(best + noise - 0.058, best)
    assert as_good(best, best)
    assert not as_good(best - 1e-6, best)


def test_nothing_to_learn_from_is_said(settings: Settings) -> None:
    index, (first, _, validation, _) = world(settings)
    users = len(first.snapshot)
    empty = Example(first.snapshot, Targets(np.zeros(users + 1, int), np.zeros(0, int), np.zeros(users, int)))
    with pytest.raises(LsifError, match="nothing to learn from"):
        fit([empty], validation, index, settings)


def test_ndcg_by_hand() -> None:
    """User 0 took 1 and 3 and a cold item; user 1 took 0. Lists of two."""
    truth = Targets(start=np.array([0, 2, 3]), item=np.array([1, 3, 0]), total=np.array([3, 1]))
    gain = 1 / np.log2(3)
    assert mean_ndcg(np.array([[2, 3]]), truth, np.array([0])) == pytest.approx(gain / (1 + gain))
    assert mean_ndcg(np.array([[3, 1], [0, 4]]), truth, np.array([0, 1])) == 1.0
