"""Popularity starts from the count whose list is best on the stopping cutoff."""

from dataclasses import replace

import numpy as np
import torch

from lsif.config import Settings
from lsif.evaluation.metrics import ndcg
from lsif.features.item_features import COLUMNS
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.learning.start import JUDGED, _Pairs, best_start
from lsif.learning.step import Example, marks
from lsif.learning.training import fit
from lsif.model.batch import batch_of
from lsif.model.popularity import STARTS
from tests.learning.test_training import small


def told(example: Example, name: str, values: Array) -> Example:
    """The example with other numbers in one column of its item features."""
    features = example.snapshot.item_features.copy()
    features[:, COLUMNS.index(name)] = values
    return replace(example, snapshot=replace(example.snapshot, item_features=features))


def taken(example: Example) -> Array:
    counts: Array = np.bincount(example.targets.item, minlength=len(example.snapshot.item_features)).astype(np.float32)
    return counts


def test_the_count_that_foretells_is_chosen_and_kept(shop: tuple[ItemIndex, list[Example]], settings: Settings) -> None:
    index, (first, _, stop, _) = shop
    hour = "log_buyers_half_life_3h"
    told_so = told(stop, hour, np.log(taken(stop) + 0.1))
    assert STARTS[best_start(told_so)] == hour
    learned = fit([first], told_so, index, small(settings, max_epochs=1)).model
    assert learned.popularity.starts_with() == hour
    features = torch.from_numpy(told_so.snapshot.item_features)
    counted = learned.popularity.count(features)
    assert torch.equal(counted, learned.popularity.counted * features[:, COLUMNS.index(hour)])


def test_of_equals_the_seven_days_stay(shop: tuple[ItemIndex, list[Example]]) -> None:
    """A log without hours has the same number for all items there."""
    _, (_, _, stop, _) = shop
    same = stop
    for name in STARTS:
        same = told(same, name, np.zeros(len(stop.snapshot.item_features)))
    assert STARTS[best_start(same)] == "log_new_users_7d"


def test_nobody_took_anything_new(shop: tuple[ItemIndex, list[Example]]) -> None:
    _, (*_, stop) = shop
    none = replace(stop, targets=replace(stop.targets, start=np.zeros_like(stop.targets.start), item=np.zeros(0, int)))
    assert best_start(none) == 0


def test_lists_are_judged_without_what_a_user_had(shop: tuple[ItemIndex, list[Example]]) -> None:
    _, (*_, stop) = shop
    users, size = stop.targets.active(), len(stop.snapshot.item_features)
    count = np.random.default_rng(1).random(size)
    batch = batch_of(stop.snapshot, users)
    had = marks(batch.history_item, batch.history_mask, size) | marks(batch.tail_item, batch.tail_mask, size)
    new = marks(*stop.targets.padded(users), size) & ~had
    ranked = torch.from_numpy(count).expand(had.shape).masked_fill(had, -torch.inf).topk(JUDGED).indices
    pairs, some = _Pairs(stop, users), new.any(1).numpy()
    assert pairs.relevant.tolist() == new.sum(1).tolist()
    wanted = ndcg(new.gather(1, ranked).numpy()[some], pairs.relevant[some])
    np.testing.assert_allclose(pairs.ndcg(count)[some], wanted)
