"""Comparisons on the same users, and the truth they are held against."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from lsif.evaluation.compare import as_text, compare, judged_users, successes, truth_from
from lsif.evaluation.feedback import metric_rows
from tests.evaluation.test_metrics import lists_table, truth_table

TRUTH = truth_table({"ann": {"a"}, "bob": {"b"}})
LISTS = {"lsif": lists_table({"ann": ["a"], "bob": ["b"]}), "other": lists_table({"ann": ["b"], "bob": ["b"]})}


def test_one_row_per_metric_and_list_with_the_lead_of_the_first() -> None:
    rows = {
        (row["metric"], row["contender"]): row for row in compare("for_you", LISTS, TRUTH, ["ann", "bob"], (1,), seed=0)
    }
    assert rows["hit_rate@1", "lsif"]["value"] == 1.0
    assert rows["hit_rate@1", "other"]["value"] == 0.5
    assert rows["hit_rate@1", "other"]["gain"] == 0.5
    assert (rows["hit_rate@1", "other"]["gain_low"], rows["hit_rate@1", "other"]["gain_high"]) == (0.0, 1.0)
    assert {row["n"] for row in rows.values()} == {2}


def test_the_text_shows_every_list_and_metric() -> None:
    text = as_text(compare("for_you", LISTS, TRUTH, ["ann", "bob"], (1,), seed=0))
    assert [line.split()[:2] for line in text.splitlines()][1:] == [["for_you", "lsif"], ["for_you", "other"]]
    assert "hit_rate@1" in text and "0.5000 ±0.5000" in text


def test_metric_rows_name_the_list_and_the_lead() -> None:
    rows = {
        row["metric"]: row for row in metric_rows(compare("for_you", LISTS, TRUTH, ["ann", "bob"], (1,), 0)).to_pylist()
    }
    assert rows["lsif.ndcg@1"]["value"] == 1.0
    assert rows["other.ndcg@1"]["value"] == rows["lsif-other.ndcg@1"]["value"] == 0.5
    assert "lsif-lsif.ndcg@1" not in rows


def event(user: str, item: str | None, day: int, weight: float = 1.0) -> dict[str, object]:
    moment = datetime(2017, 7, day, tzinfo=UTC)
    return {"user_id": user, "item_id": item, "event_time": moment, "weight": weight}


def test_truth_is_what_happened_after_the_day_and_counts_once() -> None:
    events = pa.Table.from_pylist(
        [
            event("ann", "a", 2),
            event("ann", "a", 3),
            event("ann", "late", 1),  # happened on the day itself, arrived after it
            event("ann", "looked at", 2, weight=0.0),
            event("ann", None, 2),
            event("bob", "b", 2),
        ]
    )
    events = events.set_column(2, "event_time", events["event_time"].cast(pa.timestamp("us", "UTC")))
    assert sorted(map(tuple, (row.values() for row in truth_from(events, after="2017-07-01").to_pylist()))) == [
        ("ann", "a"),
        ("bob", "b"),
    ]
    assert len(truth_from(events)) == 3


def test_judged_are_eligible_users_who_did_something() -> None:
    assert judged_users(pa.array(["bob", "cid"]), TRUTH) == ["bob"]


def test_an_empty_comparison_makes_no_metrics() -> None:
    assert len(metric_rows([])) == 0


def test_nobody_to_judge_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one user"):
        compare("for_you", LISTS, TRUTH, [], (1,), seed=0)


def test_a_list_is_judged_by_the_types_that_it_is_to_foresee() -> None:
    rows = [event("ann", "a", 2) | {"event_type": kind} for kind in ("purchase", "read")]
    events = pa.Table.from_pylist([*rows, event("ann", "a", 2, weight=0.0) | {"event_type": "purchase"}])
    assert successes(events, None)["event_type"].to_pylist() == ["purchase", "read"]
    assert successes(events, ("purchase",))["event_type"].to_pylist() == ["purchase"]
