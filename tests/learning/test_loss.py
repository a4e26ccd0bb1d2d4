"""Loss values worked out by hand, and the corrected estimate against the full softmax."""

import math

import numpy as np
import pytest
import torch

from lsif.learning.loss import listwise_loss, repeat_log_loss
from lsif.learning.sampling import FULL_SOFTMAX, Sampler


def test_the_full_softmax_with_two_positives() -> None:
    logits = torch.tensor([[math.log(1.0), math.log(2.0), math.log(5.0)]])
    positive = torch.tensor([[True, True, False]])
    expected = -(math.log(1 / 8) + math.log(2 / 8)) / 2
    assert listwise_loss(logits, positive, torch.zeros(1, 3)).item() == pytest.approx(expected)


def test_a_correction_scales_a_negative_inside_the_sum_only() -> None:
    logits = torch.tensor([[math.log(2.0), math.log(3.0), math.log(7.0)]])
    positive = torch.tensor([[True, False, False]])
    correction = torch.tensor([[0.0, math.log(4.0), -torch.inf]])  # the second stands for four, the third was not drawn
    assert listwise_loss(logits, positive, correction).item() == pytest.approx(-math.log(2 / (2 + 12)))


def test_a_positive_counts_for_what_it_is_worth_beside_the_users_others() -> None:
    logits = torch.tensor([[math.log(1.0), math.log(2.0), math.log(5.0)]])
    positive, worth = torch.tensor([[True, True, False]]), torch.tensor([[1.0, 3.0, 0.0]])
    expected = -(math.log(1 / 8) + 3 * math.log(2 / 8)) / 4
    assert listwise_loss(logits, positive, torch.zeros(1, 3), worth).item() == pytest.approx(expected)


def test_users_who_took_nothing_do_not_dilute_the_mean() -> None:
    logits, positive = torch.zeros(2, 2), torch.tensor([[True, False], [False, False]])
    assert listwise_loss(logits, positive, torch.zeros(2, 2)).item() == pytest.approx(math.log(2))


def test_a_user_without_any_candidate_leaves_the_others_their_gradient() -> None:
    """As a user whose events were all of no weight: seen lately, and without a history."""
    logits = torch.zeros(2, 2, requires_grad=True)
    positive = torch.tensor([[True, False], [False, False]])
    candidates = torch.tensor([[0.0, 0.0], [-torch.inf, -torch.inf]])
    listwise_loss(logits, positive, candidates).backward()
    assert logits.grad is not None
    assert logits.grad.tolist() == [[-0.5, 0.5], [0.0, 0.0]]


def test_the_log_loss_counts_real_rows_only() -> None:
    logits = torch.tensor([[0.0, math.log(3.0), 99.0]])
    taken, mask = torch.tensor([[True, False, False]]), torch.tensor([[True, True, False]])
    assert repeat_log_loss(logits, taken, mask).item() == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_small_catalogues_are_looked_at_whole() -> None:
    drawn = Sampler(np.ones(50), np.random.default_rng(0)).candidates(np.array([3]))
    assert drawn.items.tolist() == list(range(50))
    assert drawn.correction.tolist() == [0.0] * 50


def test_the_corrected_partition_sum_is_unbiased() -> None:
    """Σ exp(s + correction) over the drawn items estimates Σ exp(s) over the catalogue."""
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 100, FULL_SOFTMAX + 1).astype(np.float64)
    value = np.exp(rng.standard_normal(len(counts)) + 0.01 * counts)  # popular items score higher
    sampler = Sampler(counts, rng)
    draws = [sampler.candidates(np.zeros(0, np.int64)) for _ in range(30)]
    sums = [float((value[d.items.numpy()] * d.correction.double().exp().numpy()).sum()) for d in draws]
    assert np.mean(sums) == pytest.approx(value.sum(), rel=0.02)


def test_items_of_the_batch_that_were_not_drawn_count_for_nobody_else() -> None:
    counts = np.zeros(FULL_SOFTMAX + 1)
    counts[0] = 1.0
    own = np.array([5, 5, 7])
    drawn = Sampler(counts, np.random.default_rng(0), draws=4).candidates(own)
    assert {5, 7} <= set(drawn.items.tolist())
    assert torch.isneginf(drawn.correction[drawn.items == 5]).all()
    assert torch.equal(drawn.items, drawn.items.unique())
