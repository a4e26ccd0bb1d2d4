"""Small parts with small numbers."""

import numpy as np
import pytest
import torch

from lsif.features.item_features import COLUMNS
from lsif.features.ragged import distinct, exploded, positions, slices, starts
from lsif.model.encoders import AGE_BUCKETS, age_bucket, basket_means
from lsif.model.layers import DROPPED, ColumnDropout, Standardise, masked_mean, masked_softmax
from lsif.model.popularity import PopularityTerm


def test_columns_are_standardised_over_all_tables_and_a_constant_one_says_nothing() -> None:
    scale = Standardise(2, clip=1.5)
    scale.fit([np.array([[0.0, 3.0], [2.0, 3.0]]), np.array([[4.0, 3.0]])])
    found = scale(torch.tensor([[2.0, 3.0], [4.0, 8.0], [99.0, 3.0]]))
    torch.testing.assert_close(found, torch.tensor([[0.0, 0.0], [1.5**0.5, 0.0], [1.5, 0.0]]))


def test_rows_count_for_what_they_are_worth() -> None:
    scale = Standardise(1)
    scale.fit([np.array([[0.0], [2.0]]), np.array([[4.0]])], [np.array([1.0, 0.0]), np.array([3.0])])
    assert (scale.mean.item(), scale.deviation.item()) == (3, pytest.approx(3**0.5))


def test_a_step_leaves_out_whole_columns_and_a_night_none() -> None:
    torch.manual_seed(0)
    dropout, columns = ColumnDropout(), torch.ones(3, 1000)
    seen = dropout(columns)
    assert (seen == seen[0]).all()
    assert sorted(set(seen[0].tolist())) == [0.0, pytest.approx(1 / (1 - DROPPED))]
    assert (seen[0] == 0).float().mean().item() == pytest.approx(DROPPED, abs=0.05)
    assert dropout.eval()(columns) is columns


def test_popularity_starts_as_the_count_of_last_weeks_new_users() -> None:
    torch.manual_seed(0)
    term, features = PopularityTerm(len(COLUMNS), 2), torch.randn(5, len(COLUMNS))
    starts_as = features[:, COLUMNS.index("log_new_users_7d")]
    trust = torch.ones(())
    torch.testing.assert_close(term.popularity(features, torch.randn(5, len(COLUMNS)), trust), starts_as)
    torch.testing.assert_close(term.user_gain(torch.randn(3, 2)), torch.ones(3))


def test_masked_softmax_and_mean_of_nothing_are_zero() -> None:
    mask = torch.tensor([[True, True, False], [False, False, False]])
    weights = masked_softmax(torch.tensor([[0.0, 0.0, 99.0], [1.0, 2.0, 3.0]]), mask)
    torch.testing.assert_close(weights, torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]))
    means = masked_mean(torch.tensor([[[1.0], [3.0], [99.0]]]).expand(2, 3, 1), mask)
    torch.testing.assert_close(means, torch.tensor([[2.0], [0.0]]))


def test_a_basket_is_the_mean_of_its_events() -> None:
    events = torch.tensor([[[1.0], [3.0], [10.0], [99.0]]])
    basket, mask = torch.tensor([[0, 0, 1, 0]]), torch.tensor([[True, True, True, False]])
    means, there = basket_means(events, basket, mask)
    assert means.tolist() == [[[2.0], [10.0]]]
    assert there.tolist() == [[True, True]]


@pytest.mark.parametrize(
    ("days", "bucket"), [(0.0, 0), (0.2, 0), (0.3, 1), (6.5, 10), (28.0, 16), (1e6, AGE_BUCKETS - 1)]
)
def test_ages_fall_into_ever_wider_buckets(days: float, bucket: int) -> None:
    assert age_bucket(torch.tensor(days)).item() == bucket


def test_ragged_rows() -> None:
    import pyarrow as pa

    parent, flat = exploded(pa.chunked_array([[[7, 8], None], [[], [9]]], pa.list_(pa.int64())))
    assert (parent.tolist(), flat.to_pylist()) == ([0, 0, 3], [7, 8, 9])
    assert starts(parent, 4).tolist() == [0, 2, 2, 2, 3]
    assert positions(parent).tolist() == [0, 1, 0]
    assert [part.tolist() for part in slices(starts(parent, 4), np.array([3, 1, 0]))] == [[2, 0, 1], [0, 2, 2]]
    assert distinct(np.array([[3, 1], [3, 0]])).tolist() == [0, 1, 3]
