"""Lists by counting, worked out by hand for three users and five items."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.evaluation.baselines import baselines
from lsif.ranking.popular import popular_items
from tests.known import Known
from tests.ranking import shop


def days_ago(n: int) -> date:
    return shop.TODAY - timedelta(days=n)


@pytest.fixture
def known(settings: Settings) -> Known:
    bought = [
        *[("ann", "i001", days_ago(40))] * 3,  # most often, long ago
        *[("ann", "i002", days_ago(1))] * 2,
        ("bob", "i003", days_ago(6)),
        ("bob", "i004", days_ago(0)),  # not available
        ("cid", "i000", days_ago(27)),
        ("cid", "i000", days_ago(28)),  # one day too old for 28 days
    ]
    return shop.known(bought, settings, shop.catalogue(5, unavailable=("i004",)))


def lists(table: pa.Table) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in table.sort_by([("user_id", "ascending"), ("rank", "ascending")]).to_pylist():
        found.setdefault(row["user_id"], []).append(row["item_id"])
    return found


def test_baselines_by_hand(known: Known, settings: Settings) -> None:
    made = {name: lists(table) for name, table in baselines(known, ["ann", "bob"], settings, k=3).items()}
    assert made == {
        "popularity_7d": {"ann": ["i002", "i003", "i000"], "bob": ["i002", "i003", "i000"]},
        "popularity_28d": {"ann": ["i002", "i000", "i003"], "bob": ["i002", "i000", "i003"]},
        "frequency": {"ann": ["i001", "i002", "i000"], "bob": ["i003", "i002", "i000"]},
        # 3 · 2^(-40/90) = 2.20 of i001 against 2 · 2^(-1/90) = 1.98 of i002
        "frequency_90d": {"ann": ["i001", "i002", "i000"], "bob": ["i003", "i002", "i000"]},
    }


def test_decay_turns_old_favourites_over(known: Known, settings: Settings) -> None:
    quick = settings.model_copy(
        update={"interests": settings.interests.model_copy(update={"half_lives_days": (30.0,)})}
    )
    bought = [*[("ann", "i001", days_ago(40))] * 3, *[("ann", "i002", days_ago(1))] * 2]
    at = shop.known(bought, quick, known.items)
    made = baselines(at, ["ann"], quick, k=2)
    assert lists(made["frequency"])["ann"] == ["i001", "i002"]
    assert lists(made["frequency_30d"])["ann"] == ["i002", "i001"]


def test_equal_counts_are_ranked_by_item_id(known: Known, settings: Settings) -> None:
    bought = [("ann", item, days_ago(1)) for item in ("i003", "i001", "i002")]
    made = baselines(shop.known(bought, settings, known.items), ["ann"], settings, k=2)
    assert {name: lists(table)["ann"] for name, table in made.items()} == {name: ["i001", "i002"] for name in made}


def test_a_user_without_history_gets_what_is_popular(known: Known, settings: Settings) -> None:
    made = baselines(known, ["nobody"], settings, k=3)
    assert lists(made["frequency"]) == lists(made["popularity_28d"])


def test_popular_counts_only_its_days_and_fills_up_by_item_id(known: Known) -> None:
    week = popular_items(known, 7, 4)
    assert week.to_pydict() == {"item_id": ["i002", "i003", "i000", "i001"], "score": [2.0, 1.0, 0.0, 0.0]}
    assert popular_items(known, 28, 10)["item_id"].to_pylist() == ["i002", "i000", "i003", "i001"]


def test_lists_of_new_items_leave_out_what_users_have_and_lists_of_own_ones_all_else(
    known: Known, settings: Settings
) -> None:
    new = {name: lists(table) for name, table in baselines(known, ["ann", "bob"], settings, 3, "new").items()}
    assert new == {
        "popularity_7d": {"ann": ["i003", "i000"], "bob": ["i002", "i000", "i001"]},
        "popularity_28d": {"ann": ["i000", "i003"], "bob": ["i002", "i000", "i001"]},
    }
    own = {name: lists(table) for name, table in baselines(known, ["ann", "bob"], settings, 3, "own").items()}
    assert own["frequency"] == {"ann": ["i001", "i002"], "bob": ["i003"]}
