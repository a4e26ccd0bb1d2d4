"""Lists and parts of scored candidates, worked out by hand."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from lsif.ranked_list import RankedList
from lsif.ranking.lists import DEPTH, ranked
from lsif.ranking.pool import Pool
from lsif.ranking.rows import Ranked

ALL, OWN, NEW = (RankedList(k=2), RankedList(items="own", k=2), RankedList(items="new", k=2))


def pool(**changed: Any) -> Pool:
    """Of one user: items 0 to 2 are own, 3 to 5 new."""
    found: dict[str, Any] = {
        "row": np.zeros(6, np.int64),
        "item": np.arange(6),
        "order": np.arange(6),
        "own": np.arange(6) < 3,
        "now": np.array([5.0, 3.0, 1.0, 4.0, 2.0, 0.0]),
        "before": np.array([4.0, 3.0, 1.0, 1.0, 2.0, 1.0]),
        "nobody": np.array([1.0, 0.0, 2.0, 1.0, 1.0, 1.0]),
        "near": np.array([0.0, 0.0, 0.0, 2.0, 1.0, 0.0]),
    }
    return Pool(**{**found, **changed})


def items(of: Ranked, number: int) -> list[int]:
    found: list[int] = of.item[of.list == number].tolist()
    return found


def test_one_pool_makes_every_list_by_user_list_and_rank() -> None:
    found = ranked(pool(), [ALL, OWN, NEW])
    assert [items(found, number) for number in range(3)] == [[0, 3], [0, 1], [3, 4]]
    assert found.rank.tolist() == [1, 2] * 3
    assert found.own.tolist() == [True, False, True, True, False, False]


def test_parts_add_up_to_the_score_and_have_the_mean_nought_over_the_candidates() -> None:
    found = ranked(pool(), [RankedList(k=6)])
    np.testing.assert_allclose(found.parts.sum(1), found.score, atol=1e-9)
    by_item = found.parts[np.argsort(found.item)]
    long, short = np.array([3.0, 3, -1, 0, 1, 0]), np.array([1.0, 0, 0, 3, 0, -1])
    np.testing.assert_allclose(by_item[:, 0], long - long.mean(), atol=1e-6)
    np.testing.assert_allclose(by_item[:, 1], short - short.mean(), atol=1e-6)
    np.testing.assert_allclose(by_item[:, :2].mean(0), 0, atol=1e-6)
    near = np.array([0.0, 0, 0, 2, 1, 0])
    np.testing.assert_allclose(found.near[np.argsort(found.item)], near - near.mean(), atol=1e-6)


def test_what_lifts_all_candidates_alike_changes_neither_share_nor_reason_nor_alpha() -> None:
    plain = ranked(pool(), [ALL, NEW])
    for name in ("now", "before", "nobody"):
        lifted = ranked(pool(**{name: getattr(pool(), name) + 7.0}), [ALL, NEW])
        for column in ("item", "shares", "says", "alpha"):
            np.testing.assert_allclose(getattr(lifted, column), getattr(plain, column), atol=1e-6, err_msg=column)


def test_only_candidates_of_the_list_are_looked_at_for_its_means() -> None:
    """A pool is deeper than a list wants where another one is longer; what is past its depth says nothing."""
    far = np.arange(200.0)[::-1]
    deep = Pool(
        np.zeros(200, np.int64), np.arange(200), np.arange(200), np.zeros(200, bool), far, far / 2, far / 4, far / 8
    )
    alone = deep.take(np.arange(DEPTH * 2))
    for column in ("parts", "near", "shares", "alpha"):
        np.testing.assert_array_equal(getattr(ranked(deep, [NEW]), column), getattr(ranked(alone, [NEW]), column))


def test_alpha_is_the_long_share_of_the_whole_list_and_nothing_where_nobody_knows() -> None:
    found = ranked(pool(), [ALL])
    sizes = np.abs(found.parts[:, :2]).sum(0)
    assert found.alpha.tolist() == pytest.approx([sizes[0] / sizes.sum()] * 2, abs=1e-6)
    strangers = ranked(pool(now=np.arange(6.0), before=np.arange(6.0), nobody=np.arange(6.0)), [ALL])
    assert np.isnan(strangers.alpha).all()
    assert strangers.shares.tolist() == [[0, 0, 1, 0]] * 2


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, [0, 1]), (0.5, [0, 3]), (1.0, [3, 4])],
)
def test_a_share_of_new_items_is_kept_and_the_order_is_by_score(share: float, expected: list[int]) -> None:
    assert items(ranked(pool(), [RankedList(k=2, new_share=share)]), 0) == expected


def test_where_one_kind_is_short_the_other_fills_up() -> None:
    mostly_own = pool(own=np.array([True, True, True, True, True, False]))
    assert items(ranked(mostly_own, [RankedList(k=4, new_share=1.0)]), 0) == [0, 3, 1, 5]
    all_new = pool(own=np.zeros(6, bool))
    assert items(ranked(all_new, [RankedList(k=2, new_share=0.0)]), 0) == [0, 3]


def test_users_without_own_items_have_no_row_of_such_a_list() -> None:
    assert not len(ranked(pool(own=np.zeros(6, bool)), [OWN]).row)


def test_a_share_of_new_items_goes_with_a_list_of_all() -> None:
    with pytest.raises(ValidationError, match='goes with items = "all"'):
        RankedList(items="own", new_share=0.5)
