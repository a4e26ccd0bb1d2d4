"""Popularity starts from the count whose list is best on the stopping cutoff."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.evaluation.metrics import ndcg
from lsif.features.history_features import ITEM_HOURS, history_feature_names
from lsif.features.item_features import COLUMNS, HOUR_FEATURES
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.learning.start import JUDGED, SURE, _Pairs, best_start
from lsif.learning.step import Example, marks
from lsif.learning.sure import surely_best
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


def foretold(example: Example, name: str) -> Example:
    """By this count alone, beside a usual one that says the reverse."""
    counts = np.log(taken(example) + 0.1)
    return told(told(example, STARTS[0], -counts), name, counts)


def test_the_count_that_foretells_is_chosen_and_kept(shop: tuple[ItemIndex, list[Example]], settings: Settings) -> None:
    index, (first, _, stop, _) = shop
    hour = "log_buyers_half_life_3h"
    told_so = foretold(stop, hour)
    assert STARTS[best_start(told_so)] == hour
    learned = fit([first], told_so, index, small(settings, max_epochs=1)).model
    assert learned.popularity.starts_with() == hour
    features = torch.from_numpy(told_so.snapshot.item_features)
    counted = learned.popularity.count(features)
    assert torch.equal(counted, learned.popularity.counted * features[:, COLUMNS.index(hour)])


def test_hours_speak_only_where_popularity_starts_from_one(
    shop: tuple[ItemIndex, list[Example]], settings: Settings
) -> None:
    """All hours are told apart by deviation: an infinite one gives zeros, as of a column that never varied."""
    index, (first, _, stop, _) = shop
    hours = [COLUMNS.index(name) for name in HOUR_FEATURES]
    days = [at for at in range(len(COLUMNS)) if at not in hours]
    drawn = np.random.default_rng(1).normal(size=len(first.snapshot.item_features))
    for name in HOUR_FEATURES:
        first = told(first, name, drawn)

    def spread(start: str) -> tuple[Array, Array]:
        chosen = fit([first], foretold(stop, start), index, small(settings, max_epochs=1)).model
        assert chosen.popularity.starts_with() == start
        assert bool(torch.isfinite(chosen.item_scale(torch.from_numpy(first.snapshot.item_features))).all())
        items, rows = (np.isfinite(of.deviation.numpy()) for of in (chosen.item_scale, chosen.history_scale))
        return items, rows

    (by_hours, rows_by_hours), (by_days, rows_by_days) = spread("log_buyers_half_life_3h"), spread("log_new_users_3d")
    assert by_hours[hours].all() and not by_days[hours].any()
    assert (by_hours[days] == by_days[days]).all() and by_days[days].any()
    names = history_feature_names(settings.interests.half_lives_days)
    of_rows = [names.index(name) for name in ("log_hours_since", *ITEM_HOURS)]
    assert set(np.flatnonzero(rows_by_hours != rows_by_days)) == set(of_rows) and rows_by_hours[of_rows].all()


def test_of_equals_the_seven_days_stay(shop: tuple[ItemIndex, list[Example]]) -> None:
    """A log without hours has the same number for all items there."""
    _, (_, _, stop, _) = shop
    same = stop
    for name in STARTS:
        same = told(same, name, np.zeros(len(stop.snapshot.item_features)))
    assert STARTS[best_start(same)] == "log_new_users_7d"


@pytest.mark.parametrize(("errors", "best"), [(2, 0), (4, 1)])
def test_what_the_best_of_many_may_be_by_chance_changes_nothing(errors: int, best: int) -> None:
    gain = np.random.default_rng(1).normal(size=30)
    gain += errors * gain.std(ddof=1) / len(gain) ** 0.5 - gain.mean()
    assert surely_best(np.stack([np.zeros(30), gain, gain - 1]), SURE) == best


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
