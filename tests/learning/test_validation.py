"""The level of repeats is set where nothing was learned from, and a GPU ranks and trains as a CPU does."""

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.features.ragged import Array
from lsif.learning import training
from lsif.learning.sampling import Sampler
from lsif.learning.step import step_inputs, step_loss
from lsif.learning.training import build_model, fit
from lsif.learning.trust import trusted
from lsif.learning.validation import mean_ndcg, watched
from lsif.model.fusion_model import FusionModel
from tests.learning.ranked import top_items
from tests.learning.test_training import small, world


@pytest.mark.parametrize("too_low", [1.5, 4.0])
def test_the_best_level_is_the_best_of_full_rankings(settings: Settings, too_low: float) -> None:
    """Two lists and an offset give what ranking everything anew at that level gives."""
    index, (first, second, judged, _) = world(settings)
    model = fit([first, second], judged, index, small(settings, max_epochs=2)).model
    users = judged.targets.active()
    model.repeat.lift(-too_low)
    before = mean_ndcg(top_items(model, judged.snapshot, index, users, 10), judged.targets, users)
    found = watched(model, judged, index, 10)
    offset, ndcg = found.level, found.ndcg
    model.repeat.lift(offset)
    after = mean_ndcg(top_items(model, judged.snapshot, index, users, 10), judged.targets, users)
    assert after == pytest.approx(ndcg, abs=1e-6)
    assert after > before
    for other in (-0.5, 0.5):
        model.repeat.lift(other)
        assert mean_ndcg(top_items(model, judged.snapshot, index, users, 10), judged.targets, users) <= after + 1e-9
        model.repeat.lift(-other)


@pytest.mark.parametrize("encoder", ["transformer", "gru"])
def test_whatever_is_made_on_the_way_names_its_device(encoder: str, settings: Settings) -> None:
    """Whoever forgets to would get a tensor without content here, and one on the CPU beside a GPU."""
    index, (first, _, validation, _) = world(settings)
    own = small(settings).model_copy(update={"model": settings.model.model_copy(update={"encoder": encoder})})
    model = build_model(index, [first], own)
    sampler = Sampler(index.counts[: index.trained], np.random.default_rng(0))
    step = step_inputs(first, first.targets.active(), sampler)  # always on the CPU
    with torch.device("meta"):
        step_loss(model.train(), step, model.tower.inputs(index)).backward()
        watched(model, validation, index, 10)
        trusted(model, validation, index)
        top_items(model, validation.snapshot, index, validation.targets.active(), 10)


@pytest.mark.parametrize("kind", ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"])
def test_every_device_that_is_here_gives_what_the_cpu_gives(
    kind: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, (first, second, validation, judged) = world(settings)
    users = judged.targets.active()

    def trained(on: str) -> FusionModel:
        monkeypatch.setattr(training, "device", lambda: torch.device(on))
        return fit([first, second], validation, index, small(settings, max_epochs=1)).model

    def ranked(model: FusionModel) -> Array:
        return top_items(model, judged.snapshot, index, users, 10)

    here, cpu = trained(kind), trained("cpu")
    reached, wanted = (mean_ndcg(ranked(model), judged.targets, users) for model in (here, cpu))
    assert reached == pytest.approx(wanted, abs=1e-4)
    on_cpu = ranked(cpu)
    np.testing.assert_array_equal(ranked(cpu.to(kind)), on_cpu)
