"""The level of repeats is set where nothing was learned from, and a GPU ranks and trains as a CPU does."""

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.features.ragged import Array, starts
from lsif.learning import training
from lsif.learning.sampling import Sampler
from lsif.learning.step import step_inputs, step_loss
from lsif.learning.targets import Targets
from lsif.learning.training import build_model, fit
from lsif.learning.trust import trusted
from lsif.learning.validation import standing, watched
from lsif.model.fusion_model import FusionModel
from tests.learning.ranked import mean_ndcg, top_items
from tests.learning.test_training import small, world


@pytest.mark.parametrize(("squeezed", "too_low"), [(1.0, 1.5), (1.0, 4.0), (0.4, 2.0)])
def test_rows_stand_where_full_rankings_are_best(settings: Settings, squeezed: float, too_low: float) -> None:
    """Two lists, a factor and an offset give what ranking everything anew gives; a model that was squeezed is not."""
    index, (first, second, judged, _) = world(settings)
    model = fit([first, second], judged, index, small(settings, max_epochs=2)).model
    users = judged.targets.active()
    model.repeat.stand(squeezed, -too_low)
    before = mean_ndcg(top_items(model, judged.snapshot, index, users, 10), judged.targets, users)
    found = watched(model, judged, index, 10)
    model.repeat.stand(found.stretch, found.level)
    after = mean_ndcg(top_items(model, judged.snapshot, index, users, 10), judged.targets, users)
    assert after == pytest.approx(found.ndcg, abs=1e-6)
    assert after > before
    for other in (-0.5, 0.5):
        model.repeat.stand(1, other)
        assert mean_ndcg(top_items(model, judged.snapshot, index, users, 10), judged.targets, users) <= after + 1e-9
        model.repeat.stand(1, -other)


def test_rows_are_stretched_by_what_makes_the_best_lists(settings: Settings) -> None:
    """Half as sure of rows as it should be, or of what is new, the model is told so; as it should be, it stays."""
    hidden = np.random.default_rng(0).normal(size=(400, 60)).astype(np.float32)
    taken = np.random.default_rng(1).random(hidden.shape) < 1 / (1 + np.exp(4 - 2 * hidden))
    users = np.flatnonzero(taken.any(1))
    rows, items = np.nonzero(taken)
    truth = Targets(starts(rows, len(taken)), items, taken.sum(1), np.ones(len(items)))
    half = hidden.shape[1] // 2

    def found(of_new: float, of_own: float) -> float:
        parts = ((slice(0, half), of_new), (slice(half, None), of_own))
        best = [(torch.tensor(factor * hidden[users, part]).sort(descending=True), part) for part, factor in parts]
        new, own = ((at.indices + (part.start or 0), at.values) for at, part in best)
        return standing([((new[0], new[1]), (own[0], own[1]))], truth, users)[0]

    assert found(2, 2) == 1 and found(2, 0.8) > 1 > found(0.8, 2)


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
