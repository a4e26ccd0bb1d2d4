"""The level of repeats is set where nothing was learned from, and a GPU ranks and trains as a CPU does."""

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.model import training
from lsif.model.training import fit
from lsif.model.validation import best_level, mean_ndcg, top_items
from tests.model.test_training import small, world


@pytest.mark.parametrize("too_low", [1.5, 4.0])
def test_the_best_level_is_the_best_of_full_rankings(settings: Settings, too_low: float) -> None:
    """Two lists and an offset give what ranking everything anew at that level gives."""
    index, (first, second, judged, _) = world(settings)
    model = fit([first, second], judged, index, small(settings, max_epochs=2)).model
    users = judged.targets.active()
    model.repeat.lift(-too_low)
    before = mean_ndcg(top_items(model, judged.snapshot, index, users, 10), judged.targets, users)
    offset, ndcg = best_level(model, judged, index, 10)
    model.repeat.lift(offset)
    after = mean_ndcg(top_items(model, judged.snapshot, index, users, 10), judged.targets, users)
    assert after == pytest.approx(ndcg, abs=1e-6)
    assert after > before
    for other in (-0.5, 0.5):
        model.repeat.lift(other)
        assert mean_ndcg(top_items(model, judged.snapshot, index, users, 10), judged.targets, users) <= after + 1e-9
        model.repeat.lift(-other)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_gives_what_a_cpu_gives(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    index, (first, second, validation, judged) = world(settings)
    users = judged.targets.active()

    def reached(kind: str) -> float:
        monkeypatch.setattr(training, "device", lambda: torch.device(kind))
        made = fit([first, second], validation, index, small(settings, max_epochs=1))
        return mean_ndcg(top_items(made.model, judged.snapshot, index, users, 10), judged.targets, users)

    assert reached("cuda") == pytest.approx(reached("cpu"), abs=1e-4)
    model = fit([first, second], validation, index, small(settings, max_epochs=1)).model
    on_cpu = top_items(model, judged.snapshot, index, users, 10)
    np.testing.assert_array_equal(top_items(model.cuda(), judged.snapshot, index, users, 10), on_cpu)
