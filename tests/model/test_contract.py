"""What every encoder and every gate that the settings allow must hold to: one class of tests, for each combination."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from lsif.config import Model, Settings
from lsif.features.snapshot import Snapshot
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning.sampling import Sampler
from lsif.learning.step import Example, step_inputs, step_loss
from lsif.learning.targets import targets
from lsif.learning.training import build_model
from lsif.model.batch import Batch, batch_of
from lsif.model.fusion_model import FusionModel, Items, scores
from tests.known import snapshot_of
from tests.world import ENCODER, catalogue, events, known, log, vectors

ITEMS = [f"{category}-{n}" for category in "abc" for n in range(4)]
DS = "2017-06-30"
WIDTH = 8


def shop() -> list[tuple[str, str, str]]:
    rng = np.random.default_rng(0)
    days = [f"2017-06-{day:02d}" for day in range(1, 31)] + [f"2017-07-0{day}" for day in range(1, 8)]
    rows = [(f"u{n % 9}", ITEMS[rng.integers(0, 12)], days[rng.integers(0, len(days))]) for n in range(150)]
    # What lifts every group that a user knows is seen where somebody does not know them all.
    return [*rows, ("visitor", "a-0", "2017-06-10"), ("visitor", "b-1", "2017-07-02"), ("visitor", "a-2", "2017-07-03")]


def modes(setting: str) -> tuple[str, ...]:
    """Every value that a setting of the model allows."""
    return get_args(Model.model_fields[setting].annotation)


@pytest.mark.parametrize(("encoder", "fusion"), list(product(modes("encoder"), modes("fusion"))))
class TestModelContract:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Rows for some of what a user had, so that there is a rest."""
        interests = settings.interests.model_copy(update={"history_items": 8})
        model = settings.model.model_copy(update={"width": WIDTH})
        return settings.model_copy(update={"interests": interests, "model": model})

    @pytest.fixture
    def example(self, settings: Settings) -> tuple[ItemIndex, Example]:
        frame = log(shop())
        at = known(frame, DS, catalogue(ITEMS), settings)
        index = build_index(at.states(settings), at.items, vectors(ITEMS), ("purchase",), ENCODER)
        shot, draw = snapshot_of(at, index, settings), np.random.default_rng(1)
        shot = replace(
            shot,
            search_start=np.minimum(np.arange(len(shot) + 1), 5),
            search_text=draw.standard_normal((5, index.text.shape[1])).astype(np.float32),
            search_age=draw.uniform(0, 7, 5).astype(np.float32),
        )
        return index, Example(shot, targets(events(frame), index, shot.user_ids, DS, 7))

    @pytest.fixture
    def model(self, settings: Settings, example: tuple[ItemIndex, Example], encoder: str, fusion: str) -> FusionModel:
        torch.manual_seed(0)
        chosen = settings.model.model_copy(update={"encoder": encoder, "fusion": fusion, "width": WIDTH})
        model = build_model(example[0], [example[1]], settings.model_copy(update={"model": chosen}))
        with torch.no_grad():
            for weights in model.parameters():
                weights.add_(torch.randn_like(weights) * 0.2)
        return model.eval()

    @pytest.fixture
    def shot(self, example: tuple[ItemIndex, Example]) -> Snapshot:
        return example[1].snapshot

    @pytest.fixture
    def items(self, model: FusionModel, example: tuple[ItemIndex, Example], shot: Snapshot) -> Items:
        with torch.no_grad():
            return model.all_items(example[0], shot.item_features, shot.item_factors)

    @pytest.fixture
    def batch(self, shot: Snapshot) -> Batch:
        return batch_of(shot, np.arange(len(shot)))

    def test_every_weight_gets_a_finite_gradient(self, model: FusionModel, example: tuple[ItemIndex, Example]) -> None:
        index, one = example
        sampler = Sampler(index.counts, np.random.default_rng(0))
        step_loss(model, step_inputs(one, one.targets.active(), sampler), model.tower.inputs(index)).backward()
        for name, weights in model.named_parameters():
            assert weights.grad is not None, name
            assert torch.isfinite(weights.grad).all(), name
            assert weights.grad.abs().sum() > 0, name

    def test_padding_changes_nothing(self, model: FusionModel, batch: Batch, items: Items) -> None:
        longer = replace(
            batch,
            history_item=torch.nn.functional.pad(batch.history_item, (0, 3), value=5),
            history_mask=torch.nn.functional.pad(batch.history_mask, (0, 3)),
            history_features=torch.nn.functional.pad(batch.history_features, (0, 0, 0, 3), value=7.0),
            window_item=torch.nn.functional.pad(batch.window_item, (0, 2), value=5),
            window_type=torch.nn.functional.pad(batch.window_type, (0, 2), value=1),
            window_age=torch.nn.functional.pad(batch.window_age, (0, 2), value=3.0),
            window_basket=torch.nn.functional.pad(batch.window_basket, (0, 2), value=9),
            window_mask=torch.nn.functional.pad(batch.window_mask, (0, 2)),
            search_text=torch.nn.functional.pad(batch.search_text, (0, 0, 0, 2), value=1.0),
            search_age=torch.nn.functional.pad(batch.search_age, (0, 2), value=3.0),
            search_mask=torch.nn.functional.pad(batch.search_mask, (0, 2)),
            tail_item=torch.nn.functional.pad(batch.tail_item, (0, 2), value=5),
            tail_mask=torch.nn.functional.pad(batch.tail_mask, (0, 2)),
            group=torch.nn.functional.pad(batch.group, (0, 2), value=1),
            group_mask=torch.nn.functional.pad(batch.group_mask, (0, 2)),
            group_features=torch.nn.functional.pad(batch.group_features, (0, 0, 0, 2), value=3.0),
        )
        expected = scores(model(batch, items), batch, items)
        torch.testing.assert_close(scores(model(longer, items), longer, items), expected, atol=1e-5, rtol=1e-5)

    def test_the_order_inside_a_basket_is_not_seen(self, model: FusionModel, batch: Batch, items: Items) -> None:
        one_time = replace(
            batch,
            window_age=torch.full_like(batch.window_age, 2.5),
            window_basket=torch.zeros_like(batch.window_basket),
        )
        size = int(one_time.window_mask[0].sum())
        assert size > 2
        turned = torch.arange(one_time.window_item.shape[1])
        turned[:size] = turned[:size].flip(0)
        item = one_time.window_item.clone()
        item[0] = item[0, turned]
        assert not torch.equal(item, one_time.window_item)
        expected, found = model(one_time, items), model(replace(one_time, window_item=item), items)
        torch.testing.assert_close(found.short, expected.short, atol=1e-5, rtol=1e-4)

    def test_the_order_of_baskets_is_seen(self, model: FusionModel, batch: Batch, items: Items) -> None:
        older = replace(batch, window_age=batch.window_age + 10)
        item = batch.window_item.flip(1)
        mask, full = batch.window_mask, batch.window_mask.all(1)
        assert full.any() and len(mask)
        changed = model(replace(batch, window_item=item), items).short[full]
        assert not torch.allclose(changed, model(batch, items).short[full], atol=1e-4)
        assert not torch.allclose(model(older, items).short, model(batch, items).short, atol=1e-4)

    def test_neighbours_in_a_batch_change_nothing(self, model: FusionModel, shot: Snapshot, items: Items) -> None:
        whole = batch_of(shot, np.arange(len(shot)))
        together = scores(model(whole, items), whole, items)
        for user in range(len(shot)):
            alone = batch_of(shot, np.array([user]))
            torch.testing.assert_close(
                scores(model(alone, items), alone, items)[0], together[user], atol=1e-5, rtol=1e-5
            )

    def test_saved_and_loaded_it_scores_the_same(
        self, model: FusionModel, batch: Batch, items: Items, tmp_path: Path
    ) -> None:
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, tmp_path / "weights")
        back = FusionModel(model.shape).eval()
        back.load_state_dict(load_file(tmp_path / "weights"))
        assert torch.equal(scores(back(batch, items), batch, items), scores(model(batch, items), batch, items))

    def test_the_parts_add_up_to_the_score(self, model: FusionModel, batch: Batch, items: Items) -> None:
        interests = model(batch, items)
        total = scores(interests, batch, items)
        own_items = 0
        for user, item in np.ndindex(*total.shape):
            own = (batch.history_item[user] == item) & batch.history_mask[user]
            tail = ((batch.tail_item[user] == item) & batch.tail_mask[user]).any()
            category, kind = items.groups[item]
            parts = (
                interests.long[user] @ items.vectors[item],
                interests.groups[user, category] + interests.groups[user, kind],
                interests.short[user] @ items.vectors[item],
                interests.popularity_gain[user] * items.popularity[item],
                interests.tail[user] * tail,
            )
            expected = interests.repeat[user][own].sum() if own.any() else sum(parts)
            own_items += int(own.any())
            assert float(expected + items.bias[item]) == pytest.approx(total[user, item].item(), abs=1e-4)
        assert own_items == int(batch.history_mask.sum()) > 0
        assert batch.tail_mask.any()

    def test_interests_of_nothing_are_nothing(self, model: FusionModel, batch: Batch, items: Items) -> None:
        searched = replace(batch, window_mask=torch.zeros_like(batch.window_mask))
        assert torch.equal(model(searched, items).short.any(1), batch.search_mask.any(1))
        no_window = replace(searched, search_mask=torch.zeros_like(batch.search_mask))
        no_history = replace(batch, history_mask=torch.zeros_like(batch.history_mask))
        found = model(no_window, items)
        assert not found.short.any()
        found = model(no_history, items)
        assert not found.long.any() and not found.repeat.any()
        neither = replace(no_window, history_mask=no_history.history_mask)
        assert torch.isfinite(scores(model(neither, items), neither, items)).all()

    def test_an_item_younger_than_the_model_is_scored_by_its_text(
        self, model: FusionModel, example: tuple[ItemIndex, Example], settings: Settings
    ) -> None:
        index, _ = example
        ids = [*ITEMS, "a-new", "z-new"]
        grown = index.extended(catalogue(ids), vectors(ids))
        at = known(log(shop()), DS, catalogue(ids), settings)
        shot = snapshot_of(at, grown, settings)
        batch = batch_of(shot, np.arange(len(shot)))
        items = model.all_items(grown, shot.item_features, shot.item_factors)
        assert torch.isfinite(scores(model(batch, items), batch, items)).all()
        own, factors = items.vectors.split([WIDTH, items.vectors.shape[1] - WIDTH], dim=1)
        new, like, unlike = (own[ids.index(name)] for name in ("a-new", "a-0", "z-new"))
        torch.testing.assert_close(own.norm(dim=1), torch.ones(len(grown)))
        assert factors[: len(index)].any() and not factors[len(index) :].any()
        assert not torch.allclose(new, unlike) and not torch.allclose(new, like)
