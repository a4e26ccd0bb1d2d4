"""The lists of simulated users are those of the plain full ranking, however the dense product is cut."""

import numpy as np
import pytest
import torch

from benchmarks.scoring.ours import items, lists, users
from benchmarks.scoring.task import K
from lsif.model.fusion_model import scores
from lsif.ranking import parts

ITEMS, USERS = 2_003, 40  # more than k blocks, and some items past the last whole one


def full_ranking() -> list[list[str]]:
    catalogue = items(ITEMS, 8)
    interests, batch = users(USERS, catalogue, 0)
    best = scores(interests, batch, catalogue).topk(K, dim=1).indices
    return [[f"i{number:06d}" for number in row] for row in best.tolist()]


@pytest.mark.parametrize("at_once", [1, 3, parts.DENSE_USERS])
def test_lists_are_the_full_ranking(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "DENSE_USERS", at_once)
    (rows,) = lists(USERS, items(ITEMS, 8))
    found = np.array(rows["item_id"].to_pylist()).reshape(USERS, K).tolist()
    assert found == full_ranking()


def test_the_bound_is_reached_by_k_items_and_few_more() -> None:
    dense = torch.randn(50, ITEMS, generator=torch.Generator().manual_seed(0))
    bound = parts._at_most_kth(dense, K)
    reached = (dense >= bound).sum(1)
    assert (reached >= K).all() and reached.float().mean() < 2 * K
    few = dense[:, : 2 * K]
    assert torch.equal(parts._at_most_kth(few, K), few.sort(descending=True).values[:, K - 1 : K])
