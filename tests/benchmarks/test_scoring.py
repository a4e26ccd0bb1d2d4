"""The lists of simulated users are those of the plain full ranking, however the dense product is cut."""

import numpy as np
import pytest

from benchmarks.scoring.ours import CHUNK, items, night, users
from benchmarks.scoring.task import K
from lsif.model.fusion_model import scores
from lsif.ranking import candidates

ITEMS, USERS = 2_003, 40  # more than k blocks, and some items past the last whole one


def full_ranking() -> list[list[str]]:
    catalogue = items(ITEMS, 8)
    interests, batch = users(USERS, catalogue, 0)
    best = scores(interests, batch, catalogue).topk(K, dim=1).indices
    return [[f"i{number:06d}" for number in row] for row in best.tolist()]


@pytest.mark.parametrize("at_once", [1, 3, candidates.USERS])
def test_lists_are_the_full_ranking(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "USERS", at_once)
    tonight = night(ITEMS, 8, USERS)
    for made in (tonight.ids(USERS, 0), tonight.rows(USERS, 0)):
        assert np.array(made["item_id"].to_pylist()).reshape(USERS, K).tolist() == full_ranking()


def test_users_come_again_under_new_ids() -> None:
    tonight = night(ITEMS, 8, 2 * CHUNK)
    first, again = tonight.ids(9 * CHUNK, 0), tonight.ids(9 * CHUNK, 4 * CHUNK)
    assert first["item_id"].equals(again["item_id"])
    assert again["user_id"][0].as_py() == f"u{4 * CHUNK:08d}"
    assert len(tonight.ids(CHUNK + 1, CHUNK)) == K
