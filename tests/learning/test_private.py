"""A private training: each user has one lesson, one clipped gradient, and noise; it still learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.vocabulary import ItemIndex
from lsif.learning import private
from lsif.learning.private import _PrivateRun, _unscaled, fit_private, one_lesson_each
from lsif.learning.step import Example
from lsif.learning.training import build_model
from lsif.privacy.budget import Budget
from tests.learning.test_training import small

Shop = tuple[ItemIndex, list[Example]]


def private_settings(settings: Settings, **changed: object) -> Settings:
    how = settings.privacy.model_copy(update={"epsilon": 50.0, "passes": 1.0, "learning_rate": 1e-2, **changed})
    return small(settings).model_copy(update={"privacy": how})


def run_of(shop: Shop, settings: Settings, noise: float) -> _PrivateRun:
    index, examples = shop
    turns = one_lesson_each(examples, "key")
    torch.manual_seed(1)
    model = _unscaled(build_model(index, examples, settings))
    return _PrivateRun(model, examples, turns, index, settings, Budget(1.0, 1e-5, noise, 0.5, 2, len(turns)))


def test_each_user_has_one_lesson_at_a_cutoff_at_which_something_was_taken(shop: Shop) -> None:
    _, examples = shop
    turns = one_lesson_each(examples, "key")
    pairs = list(zip(turns.example.tolist(), turns.row.tolist(), strict=True))
    users = [str(examples[example].snapshot.user_ids[row]) for example, row in pairs]
    everybody = {str(one.snapshot.user_ids[row]) for one in examples for row in one.targets.active().tolist()}
    assert len(users) == len(set(users)) and set(users) == everybody
    assert len(set(turns.example.tolist())) > 1
    assert all(row in examples[example].targets.active() for example, row in pairs)


def test_one_user_changes_a_sum_of_gradients_by_no_more_than_the_clip(shop: Shop, settings: Settings) -> None:
    run = run_of(shop, private_settings(settings, clip=0.1), noise=0.0)
    run._model.eval()  # without dropout, so that the two sums differ by the user alone

    def summed(users: list[int]) -> torch.Tensor:
        run._optimiser.zero_grad()
        for user in (None, *users):
            for weights, gradient in zip(run._optimiser.params, run._gradient(user), strict=True):
                weights.grad_sample = gradient
            run._optimiser.clip_and_accumulate()
        return torch.cat([weights.summed_grad.flatten() for weights in run._optimiser.params])

    assert torch.cat([g.flatten() for g in run._gradient(3)]).norm() > 1, "there is something to clip"
    assert (summed([1, 2, 3]) - summed([1, 2])).norm() == pytest.approx(0.1, rel=1e-3)
    assert not summed([]).any(), "a step that drew nobody takes noise alone"


def test_the_noise_on_a_step_is_what_the_accountant_was_told(shop: Shop, settings: Settings) -> None:
    run = run_of(shop, private_settings(settings, clip=0.5), noise=8.0)
    run._optimiser.original_optimizer.step = lambda: None
    run._step(np.zeros(0, np.int64))
    drawn = torch.cat([weights.grad.flatten() for weights in run._optimiser.params])
    assert float(drawn.std()) == pytest.approx(8.0 * 0.5 / run._optimiser.expected_batch_size, rel=0.05)


def test_a_sample_is_drawn_user_by_user(shop: Shop, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(shop, private_settings(settings), noise=1.0)
    seen: list[int] = []
    run._allowed = replace(run._allowed, steps=300)
    monkeypatch.setattr(run, "_step", lambda users: seen.append(len(users)))
    assert list(run.steps())[-1] == 300
    assert np.mean(seen) == pytest.approx(20, abs=1) and np.var(seen) == pytest.approx(10, abs=4)


def test_nothing_of_users_is_in_a_model_but_by_steps_and_noise_is_not_the_seeds(
    shop: Shop, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, examples = shop
    allowed = Budget(1.0, 1e-5, 2.0, 0.1, 1, 40)
    monkeypatch.setattr(private, "budget", lambda *_: allowed)
    one, other = (fit_private(examples, index, private_settings(settings)).model for _ in range(2))
    assert not torch.equal(one.tower.project.weight, other.tower.project.weight)
    assert one.popularity.starts_with() == "log_new_users_7d" and bool((one.trust == 1).all())
    for scale in (one.history_scale, one.user_scale, one.group_scale):
        assert not scale.mean.any() and bool((scale.deviation == 2).all())


def test_several_processes_are_refused(shop: Shop, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(LsifError, match="without torchrun"):
        fit_private(shop[1], shop[0], private_settings(settings))
