"""Formats, encodings, words for nothing, times and paths in every pair: a row is kept, repeated or rejected.

Each combination is a source of its own; all of them, not only every pair, are read by `make test-long`.
"""

import itertools
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lsif.bounds import Rules
from lsif.interests.catalogue import judged_products
from lsif.interests.contract import accepted, judged, rejected
from lsif.interests.delivery import DELIVERED, delivery
from lsif.interests.ingest import arrival
from lsif.interests.users import judged_users
from lsif.sources import Catalogue, Source, Users

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DS = "2024-03-02"
TEN = datetime(2024, 3, 2, 10, tzinfo=UTC)
AXES: dict[str, tuple[str, ...]] = {
    "format": ("csv", "lines", "array", "parquet"),
    "encoding": ("utf-8", "cp1252", "utf-16"),
    "nothing": ("", "NULL", "n/a"),
    "time": ("iso", "epoch", "european"),
    "path": ("file", "folder", "parts"),
}
TIMES = {"iso": {}, "epoch": {"time_unit": "ms"}, "european": {"time_format": "%d/%m/%Y %H:%M:%S"}}
PATHS = {"file": "{ds}.x", "folder": "{ds}", "parts": "{yyyy}/{mm}/{dd}/{hh}/*/part?.x"}


def combinations() -> list[dict[str, str]]:
    """All there are; Parquet knows one encoding."""
    whole = [dict(zip(AXES, values, strict=True)) for values in itertools.product(*AXES.values())]
    return [one for one in whole if one["format"] != "parquet" or one["encoding"] == "utf-8"]


def pairwise(whole: list[dict[str, str]]) -> list[dict[str, str]]:
    """Few of all combinations, which hold every pair of two axes: greedily, in a fixed order."""
    pairs_of = [set(itertools.combinations(one.items(), 2)) for one in whole]
    missing, chosen = set().union(*pairs_of), []
    while missing:
        best = max(range(len(whole)), key=lambda place: (len(pairs_of[place] & missing), -place))
        chosen.append(whole[best])
        missing -= pairs_of[best]
    return chosen


WHOLE = combinations()
CHOSEN = pairwise(WHOLE)


def moment(number: int, how: str) -> str:
    at = TEN + timedelta(minutes=number)
    if how == "epoch":
        return str(int(at.timestamp() * 1000))
    if how == "european":
        return at.strftime("%d/%m/%Y %H:%M:%S")
    return at.isoformat().replace("+00:00", "Z")


def rows(one: dict[str, str]) -> list[dict[str, str]]:
    """Eight good rows, two of them again, one that has no user, one without an item, one at no time."""
    made = [
        {"id": str(n), "user": f"u{n % 3}", "item": f"crème {n % 4}", "at": moment(n, one["time"]), "value": "1.5"}
        for n in range(8)
    ]
    made[3]["value"] = one["nothing"]
    made += [made[1], made[6]]
    made += [{**made[0], "id": "a", "user": one["nothing"]}, {**made[0], "id": "b", "item": one["nothing"]}]
    return [*made, {**made[0], "id": "c", "at": "soon"}]


def lay(home: Path, name: str, one: dict[str, str]) -> None:
    """The rows in one file or two, as the path of the combination says."""
    all_rows, cut = rows(one), 6
    root = home / name
    places = {
        "file": [root / f"{DS}.x"],
        "folder": [root / DS / "a.x", root / DS / "deep" / "b.x"],
        "parts": [root / "2024/03/02/09/eu/part1.x", root / "2024/03/02/23/us/part2.x"],
    }[one["path"]]
    parts = [all_rows] if len(places) == 1 else [all_rows[:cut], all_rows[cut:]]
    for place, part in zip(places, parts, strict=True):
        place.parent.mkdir(parents=True, exist_ok=True)
        if one["format"] == "parquet":
            pq.write_table(pa.Table.from_pylist(part), place)
        else:
            place.write_bytes(text(part, one["format"]).encode(one["encoding"]))


def text(part: list[dict[str, str]], kind: str) -> str:
    if kind == "csv":
        return "\n".join([",".join(part[0]), *(",".join(row.values()) for row in part)]) + "\n"
    if kind == "array":
        return json.dumps(part, ensure_ascii=False)
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in part)


def said(home: Path, name: str, one: dict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {"path": f"{home}/{name}/{PATHS[one['path']]}", **TIMES[one["time"]]}
    given["format"] = {"lines": "json", "array": "json"}.get(one["format"], one["format"])
    given |= {"json": "array"} if one["format"] == "array" else {}
    given |= {"encoding": one["encoding"]} if one["format"] != "parquet" else {}
    return {**given, "null_values": [one["nothing"]] if one["nothing"] else []}


COLUMNS = {"event_id": "id", "user_id": "user", "item_id": "item", "event_time": "at", "value": "value"}


@dataclass(frozen=True)
class Taken:
    """What became of the rows of several sources, one for each combination: `s0`, `s1` and so on."""

    delivered: Counter[str]
    duplicates: Counter[str]
    events: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    def check(self, name: str) -> None:
        """Every row of a source is in, a duplicate or rejected by its rule, and what is in is what was written."""
        events = [row for row in self.events if row["source"] == name]
        rules = Counter(row["rule"] for row in self.rejects if row["source"] == name)
        assert rules == {"missing_id": 2, "unparseable_time": 1}
        assert (self.delivered[name], self.duplicates[name], len(events), rules.total()) == (13, 2, 8, 3)
        assert sorted((row["event_id"], row["item_id"]) for row in events if row["user_id"] == "u1") == [
            (str(n), f"crème {n % 4}") for n in (1, 4, 7)
        ]
        assert sorted(row["event_time"] for row in events) == [TEN + timedelta(minutes=n) for n in range(8)]
        assert Counter(row["value"] for row in events) == {1.5: 7, None: 1}


def taken_in(spark: "SparkSession", home: Path, combined: list[dict[str, str]]) -> Taken:
    """Each source read as a night reads it, and the rows of all judged at once: Spark plans few as long as many."""
    parts = []
    for number, one in enumerate(combined):
        lay(home, f"s{number}", one)
        given = {**said(home, f"s{number}", one), "event_type": "purchase", "columns": COLUMNS}
        path = on_day(given["path"])
        parts.append(delivery(spark, f"s{number}", Source.model_validate(given), {path: DS}).toArrow())
    delivered = spark.createDataFrame(pa.concat_tables(parts, promote_options="default"), DELIVERED)
    known = spark.createDataFrame([], "source string, event_id string, ds string")
    judgements = judged(delivered, arrival([DS]), known, {"purchase": 1.0}, Rules()).persist()
    counted = judgements.groupBy("source", "duplicate").count().collect()
    found = Taken(
        sum((Counter({row["source"]: row["count"]}) for row in counted), Counter()),
        Counter({row["source"]: row["count"] for row in counted if row["duplicate"]}),
        accepted(judgements).toArrow().to_pylist(),
        rejected(judgements).toArrow().to_pylist(),
    )
    judgements.unpersist()
    return found


def on_day(path: str) -> str:
    return path.replace("{ds}", DS).replace("{yyyy}/{mm}/{dd}", "2024/03/02")


@pytest.fixture(scope="module")
def taken(spark: "SparkSession", tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return taken_in(spark, tmp_path_factory.mktemp("matrix"), CHOSEN)


def test_every_pair_of_two_axes_is_tried() -> None:
    assert (len(CHOSEN), len(WHOLE)) == (16, 270)
    held = {pair for one in CHOSEN for pair in itertools.combinations(one.items(), 2)}
    assert held == {pair for one in WHOLE for pair in itertools.combinations(one.items(), 2)}


@pytest.mark.parametrize("number", range(len(CHOSEN)), ids=["-".join(one.values()) for one in CHOSEN])
def test_a_source_keeps_what_is_good(taken: Taken, number: int) -> None:
    taken.check(f"s{number}")


@pytest.mark.long
def test_no_combination_is_another(spark: "SparkSession", tmp_path: Path) -> None:
    found = taken_in(spark, tmp_path, WHOLE)
    for number in range(len(WHOLE)):
        found.check(f"s{number}")


@pytest.mark.parametrize("one", CHOSEN[:: len(CHOSEN) // 2], ids=lambda one: "-".join(one.values()))
def test_the_other_doors_read_alike(spark: "SparkSession", tmp_path: Path, one: dict[str, str]) -> None:
    lay(tmp_path, "s", one)
    given = said(tmp_path, "s", one)
    path = on_day(given["path"])
    users = Users.model_validate({**given, "columns": {"user_id": "user", "attributes": ["value"]}})
    found = judged_users(spark, users, path, Rules())
    assert found.rows["user_id"].to_pylist() == ["u0", "u1", "u2"]
    assert found.rows["attributes"].to_pylist() == [[{"name": "value", "value": "1.5"}]] * 3
    assert (found.rows_in, len(found.rejects), found.repeated) == (13, 1, 9)
    catalogue = Catalogue.model_validate({**given, "columns": {"item_id": "item", "title": "item", "published": "at"}})
    listed = judged_products(spark, catalogue, path, Rules())
    assert listed.rows["item_id"].to_pylist() == [f"crème {n}" for n in range(4)]
    assert listed.rows["published"].to_pylist() == [TEN + timedelta(minutes=n) for n in range(4)]
    assert (listed.rows_in, len(listed.rejects), listed.repeated) == (13, 1, 8)
