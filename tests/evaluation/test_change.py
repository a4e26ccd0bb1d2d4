"""What a night's lists are beside others', by hand."""

from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.dataset as pads
import pytest

from lsif.days import day_before
from lsif.evaluation.change import NIGHTS, Nights, last_nights, night_rows

pytestmark = pytest.mark.usefixtures("users_at_once")
DS, BEFORE = "2017-10-31", "2017-10-30"
Lists = dict[str, dict[str, list[str]]]
"""Night → user → items."""


def metrics(
    nights: Lists, fresh: dict[str, bool | None] | None = None, cuts: tuple[int, ...] = (2,)
) -> dict[str, float]:
    rows = [
        {"ds": ds, "list": "l", "user_id": user, "rank": rank, "item_id": item}
        for ds, lists in nights.items()
        for user, items in lists.items()
        for rank, item in enumerate(items, 1)
    ]
    known = fresh or dict.fromkeys("abcdefgh", None)
    items = pa.table({"item_id": list(known), "fresh": pa.array(list(known.values()), pa.bool_())})
    before = max((ds for ds in nights if ds < DS), default=None)
    found = night_rows(Nights(DS, before, pads.dataset(pa.Table.from_pylist(rows)), items), cuts).to_pylist()
    assert {(row["list"], row["segment"], row["low"]) for row in found} == {("l", "users=all", None)}
    return {row["metric"].removeprefix("night."): row["value"] for row in found} | {
        f"n of {row['metric'].removeprefix('night.')}": row["n"] for row in found
    }


def test_change_is_counted_for_users_who_had_the_list_on_both_nights() -> None:
    tonight = {"u": ["a", "b", "c"], "v": ["d", "a", "b"], "new": ["e", "f"], "short": ["g"]}
    before = {"u": ["b", "a", "d"], "v": ["b", "c", "a"], "gone": ["a"], "short": ["g"]}
    found = metrics({BEFORE: before, DS: tonight}, {**dict.fromkeys("abcdefg", False), "c": True, "h": True})
    assert found["overlap@2"] == pytest.approx((2 / 2 + 0 / 2 + 1) / 3) and found["n of overlap@2"] == 3
    assert found["new_rows"] == pytest.approx(2 / 7) and found["n of new_rows"] == 7
    assert found["fresh_of_new_rows"] == 0.5 and found["n of fresh_of_new_rows"] == 2
    assert found["coverage"] == 7 / 8


def test_what_cannot_be_said_has_no_row() -> None:
    first = metrics({DS: {"u": ["a", "b"]}})
    assert set(first) == {"personalisation", "coverage", "n of personalisation", "n of coverage"}
    nobody_knows = metrics({BEFORE: {"u": ["a", "b"]}, DS: {"u": ["a", "c"]}})
    assert "new_rows" in nobody_knows and "fresh_of_new_rows" not in nobody_knows


def test_only_a_list_that_is_equal_row_by_row_on_all_nights_does_not_change() -> None:
    nights = {ds: {"same": ["a", "b"], "order": ["a", "b"], "once": ["a", "b"]} for ds in last_nights(DS)}
    nights[day_before(DS, 3)]["order"] = ["b", "a"]
    nights[DS]["once"] = ["a", "c"]
    del nights[day_before(DS, 2)]["same"]
    nights[day_before(DS, 2)] |= {"new": ["a"]}
    assert metrics(nights)[f"same_{NIGHTS}_nights"] == 0
    nights[day_before(DS, 2)]["same"] = ["a", "b"]
    found = metrics(nights)
    assert found["same_7_nights"] == pytest.approx(1 / 3) and found["n of same_7_nights"] == 3


def test_personalisation_is_the_mean_over_all_pairs_of_users() -> None:
    chance = np.random.default_rng(0)
    lists = {str(user): chance.choice(list("abcdefgh"), 4, replace=False).tolist() for user in range(9)}
    pairs = [1 - len({*one} & {*other}) / 4 for one, other in combinations(lists.values(), 2)]
    assert metrics({DS: lists})["personalisation"] == pytest.approx(np.mean(pairs))
