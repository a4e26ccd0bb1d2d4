"""What the model reads, against plain pandas and numbers worked out by hand."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.features.group_features import group_feature_names
from lsif.features.history_features import OF_ITEM, history_feature_names
from lsif.features.item_features import COLUMNS
from lsif.features.snapshot import Snapshot
from lsif.features.user_features import USER_FEATURES
from lsif.features.vocabulary import build_index
from lsif.model.batch import batch_of
from tests.known import snapshot_of
from tests.world import ENCODER, catalogue, known, log, table, vectors

DS = "2017-06-30"
ITEMS = ["a-1", "a-2", "b-1", "b-2"]
LOG = log(
    [
        ("u1", "a-1", "2017-06-10"),
        ("u1", "a-1", "2017-06-20"),
        ("u1", "a-1", "2017-06-26"),
        ("u1", "a-2", "2017-06-28"),
        ("u1", "b-1", "2017-03-01"),
        ("u2", "a-1", "2017-06-30"),
        ("u2", "b-1", "2017-06-01"),
        ("u2", "b-1", "2017-06-30"),
        ("u10", "b-2", "2017-01-05"),
        ("u2", "b-2", "2017-07-01"),
    ]
)


def shot_of(frame: pd.DataFrame, settings: Settings, ds: str = DS) -> Snapshot:
    at = known(frame, ds, catalogue(ITEMS), settings)
    index = build_index(at.states(settings), at.items, vectors(ITEMS), ("purchase",), ENCODER)
    return snapshot_of(at, index.extended(at.items, vectors(ITEMS)), settings)


@pytest.fixture
def shot(settings: Settings) -> Snapshot:
    return shot_of(LOG, settings)


def row_of(shot: Snapshot, settings: Settings, user: str, item: int) -> dict[str, float]:
    """Named features of one history row."""
    u = shot.user_ids.to_pylist().index(user)
    rows = np.arange(shot.history_start[u], shot.history_start[u + 1])
    at = rows[shot.history_item[rows] == item]
    assert len(at) == 1
    names = history_feature_names(settings.interests.half_lives_days)
    return dict(zip(names, shot.history_rows[at][0].tolist(), strict=True))


def test_users_are_sorted_and_rows_stand_by_decayed_weight(shot: Snapshot) -> None:
    assert shot.user_ids.to_pylist() == ["u1", "u10", "u2"]
    assert shot.history_start.tolist() == [0, 3, 4, 6]
    assert shot.history_item.tolist() == [0, 1, 2, 3, 2, 0]


def test_a_short_half_life_puts_what_was_just_taken_first(settings: Settings) -> None:
    """Three purchases up to four days ago, and one of two days ago."""
    interests = settings.interests.model_copy(update={"half_lives_days": (1, 30, 60), "row_half_life_days": 1})
    shot = shot_of(LOG, settings.model_copy(update={"interests": interests}))
    assert shot.history_item.tolist() == [1, 0, 2, 3, 2, 0]
    by_the_middle = settings.interests.model_copy(update={"half_lives_days": (1, 30, 60)})
    shot = shot_of(LOG, settings.model_copy(update={"interests": by_the_middle}))
    assert shot.history_item.tolist() == [0, 1, 2, 3, 2, 0]


def test_histories_may_come_in_pieces(shot: Snapshot, settings: Settings) -> None:
    at = known(LOG, DS, catalogue(ITEMS), settings)
    pieces = pa.concat_tables([at.histories.slice(row, 1) for row in range(len(at.histories))])
    assert pieces["items"].num_chunks == 3
    index = build_index(at.states(settings), at.items, vectors(ITEMS), ("purchase",), ENCODER)
    found = snapshot_of(replace(at, histories=pieces), index.extended(at.items, vectors(ITEMS)), settings)
    for field in fields(shot):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(shot, field.name), field.name)


def test_a_row_by_hand(shot: Snapshot, settings: Settings) -> None:
    row = row_of(shot, settings, "u1", 0)
    weight = 2 ** (-20 / 30) + 2 ** (-10 / 30) + 2 ** (-4 / 30)
    other = 2 ** (-2 / 30)
    total = weight + other + 2 ** (-121 / 30)
    assert row["log_weight_30d"] == pytest.approx(np.log1p(weight))
    assert row["log_share_30d"] == pytest.approx(np.log(weight / total + 1e-4), rel=1e-5)
    assert row["log_category_weight_30d"] == pytest.approx(np.log1p(weight + other))
    assert row["log_share_of_category_30d"] == pytest.approx(np.log(weight / (weight + other) + 0.01), rel=1e-5)
    assert [row["log_n"], row["log_days"], row["log_rank"]] == pytest.approx([np.log(4), np.log(3), 0])
    ages = [row[f"log_age_{n}"] for n in (1, 2, 3, 4)]
    assert np.expm1(ages) == pytest.approx([4, 10, 20, 20], rel=1e-5)  # the first purchase's age where none is left
    assert [np.expm1(row[f"log_days_{span}d"]) for span in (7, 14, 28, 56)] == pytest.approx([1, 2, 3, 3], rel=1e-5)
    assert np.expm1([row["log_mean_gap"], row["log_last_gap"]]) == pytest.approx([8, 6], rel=1e-5)
    assert row["gap_spread"] == pytest.approx(2 / 8)
    assert row["log_due"] == pytest.approx(np.log(5 / 9), rel=1e-5)
    assert row["overdue"] == pytest.approx(-0.5)
    assert row["log_rate"] == pytest.approx(np.log(3 / 27), rel=1e-5)


def test_visits_and_category_of_a_row_by_hand(shot: Snapshot, settings: Settings) -> None:
    row = row_of(shot, settings, "u1", 0)
    assert np.expm1(row["log_visits_since"]) == pytest.approx(1, rel=1e-5)  # the 28th, after the 26th
    assert row["share_of_visits"] == pytest.approx(3 / 4)
    assert np.expm1(row["log_category_age"]) == pytest.approx(2, rel=1e-5)
    assert row["log_category_due"] == pytest.approx(np.log(3 / 7), rel=1e-5)  # 10, 20, 26, 28 June: a gap of 6 days
    assert np.exp([row["log_category_days"], row["log_category_items"]]) == pytest.approx([4, 2], rel=1e-5)
    assert row["other_item_since"] == 1


def test_hours_of_a_row_by_hand(settings: Settings) -> None:
    """Where the window holds the last purchase its hour is known; of others the day is, and noon is its middle."""
    moments = {"a-1": datetime(2017, 6, 29, 18, tzinfo=UTC), "b-1": datetime(2017, 6, 30, 6, tzinfo=UTC)}
    window = [{"item_id": item, "event_type": "purchase", "event_time": at} for item, at in moments.items()]
    windows = table("recent_windows", [{"user_id": "u2", "events": window}])
    at = replace(known(LOG, DS, catalogue(ITEMS), settings), windows=windows)
    index = build_index(at.states(settings), at.items, vectors(ITEMS), ("purchase",), ENCODER)
    shot = snapshot_of(at, index.extended(at.items, vectors(ITEMS)), settings)
    rows = (("u2", 2), ("u2", 0), ("u1", 1), ("u10", 3))
    hours = [np.expm1(row_of(shot, settings, user, item)["log_hours_since"]) for user, item in rows]
    assert hours == pytest.approx([18, 12, 2 * 24 + 12, 176 * 24 + 12], rel=1e-5), "a-1 came again on the 30th"


def test_a_row_repeats_what_is_told_of_its_item(shot: Snapshot, settings: Settings) -> None:
    drawn = np.random.default_rng(0).normal(size=shot.item_features.shape).astype(np.float32)
    row = row_of(replace(shot, item_features=drawn), settings, "u1", 1)
    assert "log_buyers_3h" in OF_ITEM and list(row)[-len(OF_ITEM) :] == list(OF_ITEM)
    assert [row[name] for name in OF_ITEM] == [drawn[1, COLUMNS.index(name)] for name in OF_ITEM]


def test_a_single_purchase_has_no_cadence(shot: Snapshot, settings: Settings) -> None:
    row = row_of(shot, settings, "u1", 2)
    assert [row[name] for name in ("log_mean_gap", "log_last_gap", "gap_spread", "log_due", "overdue")] == [0] * 5
    assert row["log_visits_since"] == pytest.approx(np.log1p(4 * 121 / 56))  # past the known span at its mean rate


def test_items_by_hand(shot: Snapshot) -> None:
    item = dict(zip(COLUMNS, shot.item_features[0].tolist(), strict=True))
    assert np.expm1([item[f"log_buyers_{span}d"] for span in (3, 7, 28, 56)]) == pytest.approx([1, 2, 4, 4], rel=1e-5)
    decayed = sum(2.0 ** (-age / 7) for age in (0, 4, 10, 20))
    assert item["log_buyers_half_life_7d"] == pytest.approx(np.log1p(decayed))
    assert item["trend_7d_28d"] == pytest.approx(np.log(2.5 / 1.5))
    assert item["log_users_ever"] == pytest.approx(np.log(3))
    assert item["repurchase_rate"] == pytest.approx(1.5 / 4)
    assert np.expm1([item["log_age_of_first_purchase"], item["log_age_of_last_purchase"]]) == pytest.approx([20, 0])


def test_new_users_by_hand(shot: Snapshot) -> None:
    """Of a-1: u1 20 days ago, u2 today. Its category a: u1 took a-2 two days ago besides."""
    item = dict(zip(COLUMNS, shot.item_features[0].tolist(), strict=True))
    found = np.exp([item[f"log_new_users_{span}d"] for span in (3, 7, 14, 28)]) - 0.1
    assert found == pytest.approx([1, 1, 1, 2], abs=1e-6)
    new, other = 1 + 2 ** (-20 / 14), 2 ** (-2 / 14)
    assert item["log_new_users_half_life_14d"] == pytest.approx(np.log(new + 0.1), rel=1e-5)
    assert item["log_share_of_new_users_category"] == pytest.approx(
        np.log((new + 0.05) / (new + other + 0.1)), rel=1e-5
    )
    assert item["log_new_users_category"] == pytest.approx(np.log(new + other + 0.1), rel=1e-5)
    assert item["log_share_of_new_users_kind"] == pytest.approx(0)
    assert [item["log_items_category"], item["log_items_kind"]] == pytest.approx([np.log(2), 0])
    assert shot.item_features[:, COLUMNS.index("never_taken")].tolist() == [0, 0, 0, 0]


def group_rows(shot: Snapshot, settings: Settings, user: str) -> dict[int, dict[str, float]]:
    """Named features of a user's groups by number."""
    u, names = shot.user_ids.to_pylist().index(user), group_feature_names(settings.interests.half_lives_days)
    rows = range(shot.group_start[u], shot.group_start[u + 1])
    return {int(shot.group[n]): dict(zip(names, shot.group_features[n].tolist(), strict=True)) for n in rows}


def test_a_category_and_a_kind_by_hand(shot: Snapshot, settings: Settings) -> None:
    groups = group_rows(shot, settings, "u1")
    category = groups[1]
    weight = 2 ** (-20 / 30) + 2 ** (-10 / 30) + 2 ** (-4 / 30) + 2 ** (-2 / 30)
    assert category["log_weight_30d"] == pytest.approx(np.log1p(weight), rel=1e-5)
    assert category["log_share_30d"] == pytest.approx(np.log(weight / (weight + 2 ** (-121 / 30)) + 1e-4), rel=1e-5)
    assert np.expm1([category["log_age"], category["log_age_of_newest_item"]]) == pytest.approx([2, 2], rel=1e-5)
    assert np.expm1([category[f"log_first_taken_{span}d"] for span in (14, 28, 56)]) == pytest.approx(
        [1, 2, 2], rel=1e-5
    )
    assert np.exp([category["log_items"], category["log_n"]]) == pytest.approx([2, 2], rel=1e-5)
    assert category["repeated"] == pytest.approx(1.5 / 3)
    assert category["is_kind"] == 0


def test_a_group_of_one_item_has_no_rows_until_another_item_comes_into_it(settings: Settings) -> None:
    """Every item is a kind of its own, and b-1 the only one of its category."""
    at = known(LOG[LOG["item_id"] != "b-2"], DS, catalogue(ITEMS[:3]), settings)
    index = build_index(at.states(settings), at.items, vectors(ITEMS[:3]), ("purchase",), ENCODER)
    rows = group_rows(snapshot_of(at, index, settings), settings, "u1")
    assert [index.categories[number] for number in rows] == ["a"]
    later = index.extended(catalogue(["b-2"]), vectors(["b-1"]))  # of the category and the text of b-1
    rows = group_rows(snapshot_of(at, later, settings), settings, "u1")
    category, kind = later.groups.of[index.items(pa.array(["b-1"]))[0]].tolist()
    assert set(rows) == {1, category, kind}
    assert [rows[number]["is_kind"] for number in (1, category, kind)] == [0, 0, 1]
    assert [np.exp(rows[number]["log_items"]) for number in (category, kind)] == pytest.approx([1, 1])
    share = rows[kind]["log_share_30d"]
    assert share == rows[category]["log_share_30d"] < rows[1]["log_share_30d"]


def test_a_row_counts_the_last_events_of_its_item_by_type(settings: Settings) -> None:
    """One of no weight too; of one type alone there are no such columns."""
    at, moment = known(LOG, DS, catalogue(ITEMS), settings), datetime(2017, 6, 30, 6, tzinfo=UTC)
    seen = [("a-1", "browse"), ("a-1", "browse"), ("a-1", "search"), ("b-1", "purchase"), ("b-2", "browse")]
    window = [{"item_id": item, "event_type": kind, "event_time": moment} for item, kind in seen]
    at = replace(at, windows=table("recent_windows", [{"user_id": "u1", "events": window}]))
    types = ("purchase", "browse", "search")
    index = build_index(at.states(settings), at.items, vectors(ITEMS), types, ENCODER)
    shot = snapshot_of(at, index, settings)
    names = history_feature_names(settings.interests.half_lives_days, index.event_types)
    columns = [names.index(f"log_n_{kind}_lately") for kind in types]
    mine = slice(*shot.history_start[:2])
    told = shot.history_rows[mine][:, columns]
    of_row = {ITEMS[item]: counts for item, counts in zip(shot.history_item[mine], told, strict=True)}
    assert np.expm1(of_row["a-1"]).tolist() == pytest.approx([0, 2, 1])
    assert np.expm1(of_row["b-1"]).tolist() == pytest.approx([1, 0, 0])
    assert not any("lately" in name for name in history_feature_names(settings.interests.half_lives_days, ("", "buy")))


def test_the_rest_of_a_history_is_known_by_its_items(settings: Settings) -> None:
    interests = settings.interests.model_copy(update={"history_items": 2})
    shot = shot_of(LOG, settings.model_copy(update={"interests": interests}))
    assert shot.history_item.tolist() == [0, 1, 3, 2, 0]
    assert (shot.tail_start.tolist(), shot.tail_item.tolist()) == ([0, 1, 1, 1], [2])


def test_a_span_of_days_leaves_its_edge_out(settings: Settings) -> None:
    """Ages 2 and 3, 6 and 7, 27 and 28: the younger of each pair is inside."""
    days = ["2017-06-28", "2017-06-27", "2017-06-24", "2017-06-23", "2017-06-03", "2017-06-02"]
    shot = shot_of(log([("u1", "a-1", day) for day in days]), settings)
    item = dict(zip(COLUMNS, shot.item_features[0].tolist(), strict=True))
    assert np.expm1([item[f"log_buyers_{span}d"] for span in (3, 7, 28)]) == pytest.approx([1, 3, 5], rel=1e-5)


def test_a_day_with_two_items_of_a_category_is_one_day_of_it(settings: Settings) -> None:
    frame = log([("u1", "a-1", "2017-06-20"), ("u1", "a-2", "2017-06-20"), ("u1", "a-2", "2017-06-24")])
    row = row_of(shot_of(frame, settings), settings, "u1", 0)
    assert np.exp([row["log_category_days"], row["log_category_items"]]) == pytest.approx([2, 2], rel=1e-5)
    assert row["log_category_due"] == pytest.approx(np.log(7 / 5), rel=1e-5)


def test_users_by_hand(shot: Snapshot) -> None:
    user = dict(zip(USER_FEATURES, shot.user_features[0].tolist(), strict=True))
    assert np.expm1([user[f"log_visits_{span}"] for span in ("7d", "28d", "span")]) == pytest.approx(
        [2, 4, 4], rel=1e-5
    )
    assert np.expm1(user["log_days_since_visit"]) == pytest.approx(2, rel=1e-5)
    assert np.expm1([user["log_window_events"], user["log_window_items"]]) == pytest.approx([4, 2], rel=1e-5)
    assert user["window_entropy"] == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert user["window_known_share"] == pytest.approx(1 / 2)
    assert np.expm1([user["log_history_items"], user["log_history_events"]]) == pytest.approx([3, 5], rel=1e-5)
    assert user["history_repeat_share"] == pytest.approx(1 / 3)
    assert np.expm1(user["log_days_since_first"]) == pytest.approx(121, rel=1e-5)


def test_nothing_of_after_the_date_can_be_seen(settings: Settings, shot: Snapshot) -> None:
    before = shot_of(LOG[LOG["day"] <= date.fromisoformat(DS)], settings)
    for name in set(vars(shot)) - {"ds", "user_ids"}:
        np.testing.assert_array_equal(getattr(shot, name), getattr(before, name))


def test_weights_equal_a_plain_pandas_reference(settings: Settings) -> None:
    rng = np.random.default_rng(0)
    days = [str(date(2017, 6, 30) - timedelta(days=int(n))) for n in rng.integers(0, 90, 400)]
    pairs = zip(rng.integers(0, 6, 400), rng.integers(0, 4, 400), days, strict=True)
    frame = log([(f"u{user}", ITEMS[item], day) for user, item, day in pairs])
    shot = shot_of(frame, settings)
    age = np.array([(date(2017, 6, 30) - day).days for day in frame["day"]])
    sums = frame.assign(weight=2.0 ** (-age / 60), age=age).groupby(["user_id", "item_id"])
    expected = pd.DataFrame({"weight": np.log1p(sums["weight"].sum()), "last": np.log1p(sums["age"].min())})
    names = history_feature_names(settings.interests.half_lives_days)
    owner = np.repeat(shot.user_ids.to_pylist(), np.diff(shot.history_start))
    found = pd.DataFrame(shot.history_rows[:], columns=names).set_index(
        [pd.Index(owner, name="user_id"), pd.Index([ITEMS[n] for n in shot.history_item], name="item_id")]
    )
    found = found.sort_index()
    np.testing.assert_allclose(found["log_weight_60d"], expected["weight"].sort_index(), rtol=1e-5)
    np.testing.assert_allclose(found["log_age_1"], expected["last"].sort_index(), rtol=1e-5)


def test_the_cap_keeps_the_heaviest_and_ties_go_to_the_smaller_id(settings: Settings) -> None:
    frame = log([("u1", item, "2017-06-20") for item in ("b-2", "a-2", "a-1")] + [("u1", "b-1", "2017-06-29")])
    interests = settings.interests.model_copy(update={"history_items": 3})
    shot = shot_of(frame, settings.model_copy(update={"interests": interests}))
    assert shot.history_item.tolist() == [2, 0, 1]


def test_baskets_are_times_and_ages_run_to_the_end_of_the_day(settings: Settings) -> None:
    at = known(LOG, DS, catalogue(ITEMS), settings)
    moments = [datetime(2017, 6, 29, 18, tzinfo=UTC), datetime(2017, 6, 30, 6, tzinfo=UTC)]
    events = [("a-1", moments[0]), ("b-1", moments[0]), ("stranger", moments[0]), ("a-2", moments[1])]
    window = [{"item_id": item, "event_type": "purchase", "event_time": moment} for item, moment in events]
    two = [{"user_id": "u2", "events": window}, {"user_id": "u1", "events": window[3:]}]
    at = known(LOG, DS, catalogue(ITEMS), settings).__class__(**{**vars(at), "windows": table("recent_windows", two)})
    index = build_index(at.states(settings), at.items, vectors(ITEMS), ("purchase",), ENCODER)
    shot = snapshot_of(at, index, settings)
    assert shot.window_start.tolist() == [0, 1, 1, 4]
    assert shot.window_item.tolist() == [1, 0, 2, 1]
    assert shot.window_basket.tolist() == [0, 0, 0, 1]
    assert shot.window_age.tolist() == [0.75, 1.25, 1.25, 0.75]
    assert shot.window_type.tolist() == [1, 1, 1, 1]


def test_a_batch_is_padded_to_its_longest_user(shot: Snapshot) -> None:
    batch = batch_of(shot, np.array([1, 0]))
    assert batch.history_item.tolist() == [[3, 0, 0], [0, 1, 2]]
    assert batch.history_mask.tolist() == [[True, False, False], [True, True, True]]
    assert batch.window_mask.tolist() == [[False] * 4, [True] * 4]
    assert not batch.history_features[0, 1:].any()
    np.testing.assert_array_equal(batch.user_features.numpy(), shot.user_features[[1, 0]])
