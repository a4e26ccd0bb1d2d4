"""Parts of scores: what was known before, what came lately and what everybody gets, by the model's dense formula."""

from dataclasses import replace
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lsif.config import Interest, Settings
from lsif.ranking.lists import DEPTH
from lsif.ranking.rows import PARTS, SHARES
from lsif.ranking.trained import TrainedModel
from tests.known import Known, snapshot_of
from tests.ranking import shop
from tests.ranking.dense import BOUGHT, brute_force, lists, to_nobody

pytestmark = pytest.mark.usefixtures("one_thread")


def test_parts_add_up_to_the_score_and_shares_to_one(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    rows = shop.recommended(drawn, night, vectors, small)
    parts, shares = (np.stack([rows[name].to_numpy() for name in names]) for names in (PARTS, SHARES))
    np.testing.assert_allclose(parts.sum(0), rows["score"].to_numpy(), atol=1e-9)
    assert np.abs(shares.sum(0) - 1).max() < 1e-5
    assert (shares[:3] > 0).any(1).all(), "the case should use every part of the model"
    assert len(pc.unique(rows["reason_code"])) > 2


def test_the_long_part_is_what_the_model_says_of_the_user_as_known_before(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    """Scored by the dense formula from what had arrived by then alone, with the night's items, and centred alike."""
    rows = shop.recommended(drawn, night, vectors, small)
    assert night.before is not None
    states = night.states(small)
    before = brute_force(drawn, replace(night.before, items=night.items), small, states)
    unknown = to_nobody(drawn, night, small)
    now = brute_force(drawn, night, small)
    for user, name in product(("u000", "u007", "u029"), ("for_you", "buy_again", "discover")):
        listed = {"for_you": {True, False}, "buy_again": {True}, "discover": {False}}[name]
        of_kind = [item for item in now[user] if ((user, item) in BOUGHT) in listed]
        pool = sorted(of_kind, key=lambda item: (-round(now[user][item], 6), item))[: 5 * DEPTH]
        long = {item: before[user][item] - unknown[item] for item in pool}
        mean = sum(long.values()) / len(long)
        mine = [row for row in rows.to_pylist() if (row["user_id"], row["list"]) == (user, name)]
        assert len(mine) == 5
        for row in mine:
            assert row["long_part"] == pytest.approx(long[row["item_id"]] - mean, abs=2e-6)


@pytest.mark.parametrize("only", ["long", "short"])
def test_one_interest_alone_ranks_every_item(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings, only: Interest
) -> None:
    rows = shop.recommended(drawn, night, vectors, small, users=["u000", "u007"], only=only)
    assert night.before is not None
    before = brute_force(drawn, replace(night.before, items=night.items), small, night.states(small))
    now = brute_force(drawn, night, small)
    for user, name in product(("u000", "u007"), ("for_you", "buy_again", "discover")):
        listed = {"for_you": {True, False}, "buy_again": {True}, "discover": {False}}[name]
        by = {
            item: round(before[user][item] if only == "long" else now[user][item] - before[user][item], 6)
            for item in now[user]
            if ((user, item) in BOUGHT) in listed
        }
        mine = lists(rows, name)[user]
        assert [by[item] for item in mine] == pytest.approx(sorted(by.values(), reverse=True)[:5], abs=2e-6)


@pytest.mark.parametrize(
    ("then", "now"), [("new", "row"), ("new", "tail"), ("row", "tail"), ("tail", "row"), ("row", "row")]
)
def test_parts_follow_an_item_from_place_to_place(
    night: Known, vectors: pa.Table, settings: Settings, then: str, now: str
) -> None:
    """Of two history rows: an item stands in a row, past the rows, or is new, at the date and `recent_days` before."""
    interests = settings.interests.model_copy(update={"history_items": 2})
    few = shop.small(settings, k=100).model_copy(update={"interests": interests})
    drawn, earlier = shop.trained(night, vectors, few), night.before
    assert earlier is not None
    earlier = replace(earlier, items=night.items)
    places = [placed(drawn, known, few) for known in (night, earlier)]
    moved = {pair for pair in places[0] if (places[1].get(pair, "new"), places[0][pair]) == (then, now)}
    rows = shop.recommended(drawn, night, vectors, few).to_pylist()
    of_habit = [row for row in rows if row["list"] == "buy_again" and (row["user_id"], row["item_id"]) in moved]
    assert len(of_habit) >= 10

    states = night.states(few)
    said = brute_force(drawn, night, few)
    before = brute_force(drawn, earlier, few, states, ids=night.ids)
    unknown = to_nobody(drawn, night, few)
    for row in of_habit:
        user, item = row["user_id"], row["item_id"]
        own = [other for other in said[user] if (user, other) in BOUGHT]
        long = {other: before[user][other] - unknown[other] for other in own}
        short = {other: said[user][other] - before[user][other] for other in own}
        for part, of in (("long_part", long), ("short_part", short)):
            assert row[part] == pytest.approx(of[item] - sum(of.values()) / len(own), abs=2e-6)
        assert row["reason_code"] in {"long_habit", "recent_habit", "popular"}


def placed(drawn: TrainedModel, known: Known, settings: Settings) -> dict[tuple[str, str], str]:
    """User and item → whether it stands in a history row or past them."""
    shot = snapshot_of(known, drawn.index, settings)
    users, items = shot.user_ids.to_pylist(), drawn.index.item_ids.to_pylist()
    sides = {"row": (shot.history_start, shot.history_item), "tail": (shot.tail_start, shot.tail_item)}
    return {
        (user, items[item]): place
        for place, (start, item_of) in sides.items()
        for number, user in enumerate(users)
        for item in item_of[start[number] : start[number + 1]]
    }


def split(small: Settings) -> tuple[list[shop.Event], list[shop.Event]]:
    """Events of the shop before the last `recent_days` and in them."""
    days = small.interests.recent_days
    lately = [event for event in shop.events() if (shop.TODAY - event[2]).days < days]
    return sorted({*shop.events()} - {*lately}), lately


def test_what_all_happened_lately_has_no_long_part(small: Settings, vectors: pa.Table) -> None:
    old, lately = split(small)
    at = shop.known(
        [*((f"old-{u}", i, d) for u, i, d in old), *((f"new-{u}", i, d) for u, i, d in lately)], small, shop.catalogue()
    )
    rows = shop.recommended(shop.trained(at, vectors, small), at, vectors, small).to_pylist()
    assert {row["long_part"] for row in rows if row["user_id"].startswith("new-")} == {0.0}
    assert any(row["short_part"] for row in rows if row["user_id"].startswith("new-"))
    assert any(row["long_part"] for row in rows if row["user_id"].startswith("old-"))


def test_who_did_nothing_lately_has_a_short_part_by_ageing_alone(small: Settings, vectors: pa.Table) -> None:
    """Nothing arrived: were ages counted to the same day, nothing would be left of it."""
    at = shop.known(split(small)[0], small, shop.catalogue())
    drawn = shop.trained(at, vectors, small)
    assert at.before is not None
    assert placed(drawn, at, small).keys() == placed(drawn, at.before, small).keys()
    rows = shop.recommended(drawn, at, vectors, small)
    assert any(rows["short_part"].to_pylist())
    without_ageing = shop.recommended(drawn, replace(at, before=replace(at, before=None)), vectors, small)
    told = [*PARTS, *SHARES, "alpha", "reason_code", "neighbour_part"]
    assert without_ageing.drop_columns(told).equals(rows.drop_columns(told))
    assert set(without_ageing["short_part"].to_pylist()) == {0.0}
