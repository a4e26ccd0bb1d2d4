"""Users of a night counted again in plain Python: equal, and each thing that is not is named."""

from typing import Any

import pyarrow as pa
import pytest

from lsif import oracle
from lsif.verify_command import verify
from tests.ranking import shop
from tests.ranking.harness import Shop
from tests.world import log

pytest_plugins = ["tests.ranking.harness"]


def replaced(made: Shop, name: str, change: dict[str, Any], of: int = 0) -> None:
    """A day of a table with one row changed."""
    rows = made.tables.read(name, [shop.DS]).drop_columns("ds").to_pylist()
    rows[of] |= change
    writer = made.tables.writer(name)
    writer.write(shop.DS, pa.Table.from_pylist(rows, schema=made.tables.schema(name)))
    writer.commit()


def test_a_night_is_what_it_must_be_and_whatever_is_not_is_named(
    champion: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nothing is published" in champion.run("verify")
    champion.night()
    said = champion.run("verify", "--users", "7")
    assert f"7 users of {shop.DS}: histories, windows, searches, visits and lists are what they must be" in said
    verify(shop.DS, 2)
    assert "2 users of" in capsys.readouterr().out

    (first, *rows, last) = champion.tables.read("recommendations", [shop.DS]).to_pylist()
    replaced(champion, "recommendations", {"score": last["score"] * (1 + 1e-6)}, of=-1)
    replaced(champion, "recommendations", {"neighbour_part": 0.25})
    everybody = ("--users", str(len(rows)))
    said = champion.run("verify", *everybody)
    assert first["user_id"] != last["user_id"]
    assert f"{first['list']} rank {first['rank']} of user {first['user_id']}: neighbour_part is 0.25, " in said
    assert f"{last['list']} rank {last['rank']} of user {last['user_id']}: score is " in said

    window = champion.tables.read("recent_windows", [shop.DS]).to_pylist()[0]
    asked = {"query": "tea", "event_type": "search", "event_time": window["events"][0]["event_time"]}
    replaced(champion, "recent_windows", {"events": window["events"][1:], "searches": [asked]})
    said = champion.run("verify", *everybody)
    assert f"the window of user {window['user_id']}: " in said
    assert f"the searches of user {window['user_id']}: 1 events, counted 0" in said


def test_by_hand() -> None:
    of_log = log([("u", "a", "2017-03-01"), ("u", "a", "2017-03-05"), ("u", "b", "2017-03-09")])
    rows = [
        {**row, "weight": 2.0, "event_type": "purchase", "ds": str(row["day"])} for row in of_log.to_dict("records")
    ]
    found = oracle.history(rows, "2017-03-05", (4.0,), 1)
    days = {str(one) for one in (found["a"]["first_day"], *found["a"]["last_days"])}
    assert (found["a"]["n"], found["a"]["weights"], days) == (2, [3.0], {"2017-03-01", "2017-03-05"})
    assert list(found) == ["a"], "what had not arrived is not known"
    assert [item for item, *_ in oracle.window(rows, "2017-03-09", 4, 9)] == ["b"]
    assert [item for item, *_ in oracle.window(rows, "2017-03-09", 9, 2)] == ["a", "b"]
    asked = [{**rows[0], "item_id": None, "query": "tea", "event_type": "search"}, {**rows[2], "query": "rice"}]
    assert [query for query, *_ in oracle.window(asked, "2017-03-09", 9, 2, "query")] == ["tea", "rice"]
    assert [item for item, *_ in oracle.window(asked, "2017-03-09", 9, 2)] == ["b"]
    assert oracle.visits(rows, "2017-03-05", "2017-03-09") == {"2017-03-05": (1, 1), "2017-03-09": (1, 1)}


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (1.0, 1.0 + 5e-10, False), (1.0, 1.0 + 5e-9, True), (1e6, 1e6 + 5e-4, False), (float("nan"), 1.0, True),
        (2, 3, True), ({"a": [1.0]}, {"a": [1.0 + 1e-12]}, False), ({"a": 1}, {}, True), ((1, 2), (1,), True),
    ],
)  # fmt: skip
def test_what_is_apart(one: Any, other: Any, differ: bool) -> None:
    assert oracle.apart(one, other) == differ
