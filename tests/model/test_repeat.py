"""What the two networks of the repeat term say together."""

import pytest
import torch

from lsif.model.repeat import agreed

ORDER = torch.tensor([[2.0, 1.0, 9.0], [0.0, 0.0, 0.0]])
ODDS = torch.tensor([[-1.0, -3.0, 9.0], [5.0, 5.0, 5.0]])
MASK = torch.tensor([[True, True, False], [False, False, False]])


def test_a_list_has_no_height_of_its_own() -> None:
    found = agreed(ORDER, ODDS, MASK)
    assert torch.allclose(agreed(ORDER + 100, ODDS, MASK), found, atol=1e-4)
    assert torch.allclose(agreed(ORDER, ODDS + 3, MASK)[MASK], found[MASK] + 3)
    assert (found[0, 0] - found[0, 1]).item() == pytest.approx((1 + 2) / 2), "the mean of both differences"


def test_the_rows_together_are_as_likely_as_the_odds_say() -> None:
    same_order = agreed(ODDS - 7, ODDS, MASK)
    assert torch.allclose(same_order[MASK], ODDS[MASK], atol=1e-5)


def test_past_the_mask_is_nothing_also_for_who_has_no_rows() -> None:
    assert torch.equal(agreed(ORDER, ODDS, MASK)[~MASK], torch.zeros(4))
