"""Lists: exactly K rows, ties by item id, the same bytes whatever the chunks."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features import collaborative
from lsif.ranking.rows import REASONS
from lsif.ranking.trained import TrainedModel
from tests.known import Known
from tests.ranking import shop
from tests.ranking.dense import BOUGHT, brute_force, lists

pytestmark = pytest.mark.usefixtures("one_thread")


def test_lists_are_the_best_available_items_of_the_models_formula(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    rows = shop.recommended(drawn, night, vectors, small)
    expected = brute_force(drawn, night, small)
    for user, items in lists(rows).items():
        assert items == sorted(expected[user], key=lambda item: -expected[user][item])[:5]
    best = {(row["user_id"], row["item_id"]): row["score"] for row in rows.to_pylist()}
    assert all(abs(expected[user][item] - score) < 1e-6 for (user, item), score in best.items())


def test_items_past_the_history_rows_have_their_level_too(night: Known, vectors: pa.Table, small: Settings) -> None:
    interests = small.interests.model_copy(update={"history_items": 2})
    few = small.model_copy(update={"interests": interests})
    drawn = shop.trained(night, vectors, few)
    expected = brute_force(drawn, night, few)
    rows = shop.recommended(drawn, night, vectors, few).to_pylist()
    assert all(abs(expected[row["user_id"]][row["item_id"]] - row["score"]) < 1e-6 for row in rows)
    own = [row for row in rows if row["list"] == "buy_again"]
    assert {(row["user_id"], row["item_id"]) for row in own} <= BOUGHT
    assert len(own) > 2 * len(night.ids), "rows and the rest should both be there"


def test_own_and_new_items_stand_in_the_lists_made_for_them(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    rows = shop.recommended(drawn, night, vectors, small)
    expected = brute_force(drawn, night, small)
    for name, own in (("buy_again", True), ("discover", False)):
        for user, items in lists(rows, name).items():
            of_kind = [item for item in expected[user] if ((user, item) in BOUGHT) == own]
            assert items == sorted(of_kind, key=lambda item: -expected[user][item])[:5]
    assert {row["reason_code"] for row in rows.to_pylist()} <= {*REASONS.to_pylist()}
    for row in rows.to_pylist():
        habit = row["reason_code"].endswith("_habit")
        assert habit <= ((row["user_id"], row["item_id"]) in BOUGHT)


def test_every_user_gets_exactly_k_rows_of_every_list(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    rows = shop.recommended(drawn, night, vectors, small)
    assert len(rows) == 3 * 5 * len(night.ids) == 450
    ranks = rows.group_by(["list", "user_id"]).aggregate([("rank", "list")])["rank_list"].to_pylist()
    assert all(sorted(of_user) == [1, 2, 3, 4, 5] for of_user in ranks)


def test_a_list_is_shorter_only_when_there_are_no_more_items(
    drawn: TrainedModel, night: Known, vectors: pa.Table, settings: Settings
) -> None:
    rows = shop.recommended(drawn, night, vectors, shop.small(settings, k=100))
    assert {len(items) for items in lists(rows).values()} == {39}
    for user, items in lists(rows, "discover").items():
        assert len(items) + len(lists(rows, "buy_again")[user]) == 39


def test_what_is_not_available_is_never_recommended(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    favourite = lists(shop.recommended(drawn, night, vectors, small))["u000"][0]
    closed = shop.catalogue(unavailable=(favourite,))
    rows = shop.recommended(drawn, shop.renamed(night, items=closed), vectors, small)
    assert favourite not in pc.unique(rows["item_id"]).to_pylist()


@pytest.mark.parametrize("encoder", ["transformer", "gru"])
@pytest.mark.parametrize("chunk_users", [1, 7, 1000])
def test_chunks_do_not_change_a_byte(
    night: Known, vectors: pa.Table, settings: Settings, chunk_users: int, encoder: str
) -> None:
    kind = settings.model_copy(update={"model": settings.model.model_copy(update={"encoder": encoder})})
    whole, parts = shop.small(kind), shop.small(kind, chunk_users=chunk_users)
    drawn = shop.trained(night, vectors, whole)
    expected = shop.recommended(drawn, night, vectors, whole).drop_columns("config_hash")
    assert shop.recommended(drawn, night, vectors, parts).drop_columns("config_hash").equals(expected)


def test_one_users_list_is_that_of_the_night(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    rows = shop.recommended(drawn, night, vectors, small)
    for user in ("u000", "u017"):
        alone = shop.recommended(drawn, night, vectors, small, users=[user])
        assert alone.equals(rows.filter(pc.field("user_id") == user))


def say_nothing(drawn: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """All scores are zero: no weight says anything, and no item has a factor."""
    monkeypatch.setattr(collaborative, "item_factors", lambda taken, size: np.zeros((taken.shape[1], size), np.float32))
    with torch.no_grad():
        for weights in drawn.model.parameters():
            weights.zero_()


def test_ties_are_broken_by_item_id(
    night: Known, vectors: pa.Table, drawn: TrainedModel, small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_nothing(drawn, monkeypatch)
    rows = shop.recommended(drawn, night, vectors, small)
    assert set(map(tuple, lists(rows).values())) == {("i000", "i001", "i002", "i004", "i005")}


def test_new_catalogue_items_tie_with_old_ones_by_item_id_and_not_by_number(
    night: Known, vectors: pa.Table, drawn: TrainedModel, small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_nothing(drawn, monkeypatch)
    new = shop.table("items", [shop.item_row("a_new", text="thing i001")])
    items = pa.concat_tables([night.items, new])
    rows = shop.recommended(drawn, shop.renamed(night, items=items), vectors, small)
    assert {items[0] for items in lists(rows).values()} == {"a_new"}


def cold(night: Known, *users: str) -> Known:
    rows = [{"user_id": user, "events": 1, "baskets": 1, "ds": shop.DS} for user in users]
    return shop.renamed(night, user_tiles=pa.concat_tables([night.user_tiles, shop.table("user_tiles", rows)]))


def test_a_user_without_history_and_window_gets_the_popular_list(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    rows = shop.recommended(drawn, cold(night, "stranger"), vectors, small)
    theirs = rows.filter(pc.field("user_id") == "stranger")
    assert theirs["list"].to_pylist() == ["for_you"] * 5 + ["discover"] * 5
    assert theirs["rank"].to_pylist() == [1, 2, 3, 4, 5] * 2
    assert set(theirs["generator"].to_pylist()) == {"popular"}
    assert set(theirs["reason_code"].to_pylist()) == {"popular_fallback"}
    assert set(theirs["alpha"].to_pylist()) == {None}
    assert set(theirs["model_version"].to_pylist()) == {"7"}
    assert set(rows.filter(pc.field("user_id") != "stranger")["generator"].to_pylist()) == {"fusion"}


def test_without_a_model_everybody_gets_the_popular_list(night: Known, vectors: pa.Table, small: Settings) -> None:
    rows = shop.recommended(None, night, vectors, small)
    assert len(rows) == 2 * 5 * len(night.ids)
    assert set(rows["model_version"].to_pylist()) == {"none"}
    assert len(set(map(tuple, lists(rows).values()))) == 1


def test_recommendation_ids_depend_on_day_user_item_and_version(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    def ids(at: Known, model: TrainedModel | None) -> Sequence[str]:
        found: Sequence[str] = shop.recommended(model, at, vectors, small)["recommendation_id"].to_pylist()
        return found

    first = ids(night, None)
    assert len(set(first)) == len(first)
    assert first == ids(night, None)
    assert not set(first) & set(ids(shop.renamed(night, ds="2017-07-01"), None))
    assert not set(first) & set(ids(night, drawn))


def test_a_model_of_other_windows_is_refused(
    drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings
) -> None:
    interests = small.interests.model_copy(update={"recent_days": 14})
    with pytest.raises(LsifError, match="recent_days 28 ≠ 14"):
        shop.recommended(drawn, night, vectors, small.model_copy(update={"interests": interests}))


def test_nothing_available_is_an_error(night: Known, vectors: pa.Table, small: Settings) -> None:
    with pytest.raises(LsifError, match="no item is available"):
        shop.recommended(None, shop.renamed(night, items=shop.catalogue(0)), vectors, small)


def test_inputs_are_left_as_they_were(drawn: TrainedModel, night: Known, vectors: pa.Table, small: Settings) -> None:
    before = {name: value.clone() for name, value in drawn.model.state_dict().items()}
    shop.recommended(drawn, night, vectors, small)
    after = drawn.model.state_dict()
    assert all(value.dtype == after[name].dtype and torch.equal(value, after[name]) for name, value in before.items())
