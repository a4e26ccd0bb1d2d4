"""Whatever door and format an id comes in by, it has one pseudonym, and nothing else of the row says who it is."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lsif.bounds import Rules
from lsif.errors import LsifError
from lsif.intake.damage import reading
from lsif.intake.masking import Masking
from lsif.interests.delivery import delivery
from lsif.interests.users import judged_users
from lsif.privacy.key import Key
from lsif.privacy.pseudonym import pseudonym, unsealed
from lsif.sources import Source, Users

KEY = Key(bytes(range(32)))
MASK = Masking(KEY, frozenset({"user_id", "phone"}), longest=200)
IDS = ["385", "007", "zoë-4711@example.org", "Smith, J.", "x" * 200]
COLUMNS = {"event_id": "id", "user_id": "user", "item_id": "item", "event_time": "time"}


def source(**said: Any) -> Source:
    return Source.model_validate({"path": "x", "event_type": "purchase", "columns": COLUMNS, **said})


def rows() -> list[dict[str, str]]:
    return [{"id": str(n), "user": one, "item": "i", "time": "2017-03-11T10:00:00Z"} for n, one in enumerate(IDS)]


def written(folder: Path, kind: str) -> Path:
    path = folder / f"events.{kind}"
    if kind == "csv":
        lines = [f'{row["id"]},"{row["user"]}",i,{row["time"]}' for row in rows()]
        path.write_text("\n".join(["id,user,item,time", *lines]))
    elif kind == "json":
        path.write_text("\n".join(json.dumps(row) for row in rows()))
    else:
        pq.write_table(pa.Table.from_pylist(rows()), path)
    return path


def test_formats_and_doors_agree_with_python(spark: SparkSession, tmp_path: Path) -> None:
    wanted = {one: pseudonym(KEY, one) for one in IDS}
    for kind in ("csv", "json", "parquet"):
        path = written(tmp_path, kind)
        found = delivery(spark, "shop", source(format=kind), {str(path): None}, mask=MASK).toArrow().to_pylist()
        assert [row["user_id"] for row in sorted(found, key=lambda row: row["event_id"])] == list(wanted.values())
        assert {unsealed(KEY, row["user_id"], row["sealed"]) for row in found} == set(IDS)
    listed = Users.model_validate({"path": "x", "format": "csv", "columns": {"user_id": "user"}})
    said = judged_users(spark, listed, str(tmp_path / "events.csv"), Rules(), MASK)
    assert said.rows["user_id"].to_pylist() == sorted(wanted.values())
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"id": ["1"], "user": [385], "item": ["i"], "time": ["2017-03-11"]}), whole)
    (row,) = delivery(spark, "shop", source(format="parquet"), {str(whole): None}, mask=MASK).collect()
    assert row.user_id == wanted["385"], "a whole number is its digits"


def one_row(spark: SparkSession, folder: Path, text: str, **said: Any) -> dict[str, Any]:
    path = folder / "events.csv"
    path.write_text(text)
    given = source(**{"format": "csv", **said})
    (row,) = delivery(spark, "shop", given, {str(path): None}, mask=MASK).collect()
    return dict(row.asDict())


def test_what_is_made_of_the_user_is_masked_with_it(spark: SparkSession, tmp_path: Path) -> None:
    text = "id,user,item,time,mail\n1,385,i,2017-03-11,zoe@example.org\n"
    joined = {**COLUMNS, "event_id": ["user", "id"]}
    row = one_row(spark, tmp_path, text, columns=joined)
    assert (row["user_id"], row["event_id"]) == (pseudonym(KEY, "385"), pseudonym(KEY, "385:1"))
    raw = json.loads(row["raw"])
    assert raw == {"user": pseudonym(KEY, "385"), "id": pseudonym(KEY, "1"), "item": "i", "time": "2017-03-11"}
    made = {
        "columns": {k: v for k, v in COLUMNS.items() if k != "user_id"},
        "expressions": {"user_id": "concat('s', user)"},
    }
    row = one_row(spark, tmp_path, text, **made)
    assert row["user_id"] == pseudonym(KEY, "s385") and json.loads(row["raw"])["user"] == pseudonym(KEY, "385")
    with pytest.raises(LsifError, match="item_id is made of user, which says who the user is"):
        one_row(spark, tmp_path, text, columns={**COLUMNS, "item_id": "user"})


def test_an_id_that_is_too_long_or_missing_stays_so(spark: SparkSession, tmp_path: Path) -> None:
    row = one_row(spark, tmp_path, f"id,user,item,time\n1,{'x' * 201},i,2017-03-11\n")
    assert len(row["user_id"]) > MASK.longest and row["user_id"].startswith(pseudonym(KEY, "x" * 201))
    row = one_row(spark, tmp_path, "id,user,item,time\n1, ,i,2017-03-11\n")
    assert (row["user_id"], row["sealed"]) == (None, None)


def test_attributes_that_are_named_are_masked(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user,city,phone\n385,Lyon,+33\n")
    columns = {"user_id": "user", "attributes": ["user", "city", "phone"]}
    given = Users.model_validate({"path": "x", "format": "csv", "columns": columns})
    (row,) = judged_users(spark, given, str(path), Rules(), MASK).rows.to_pylist()
    said = {one["name"]: one["value"] for one in row["attributes"]}
    assert said == {"user": pseudonym(KEY, "385"), "city": "Lyon", "phone": pseudonym(KEY, "+33")}


def test_a_plan_does_not_show_the_key(spark: SparkSession, tmp_path: Path) -> None:
    path = written(tmp_path, "csv")
    found = delivery(spark, "shop", source(format="csv"), {str(path): None}, mask=MASK).select("user_id", "sealed")
    plan = found._jdf.queryExecution().toString().lower()  # type: ignore[operator]
    assert "redacted" in plan and KEY.seals.hex() not in plan


def test_a_line_on_an_expression_does_not_show_the_value(spark: SparkSession, tmp_path: Path) -> None:
    text = "id,user,item,time\n1,zoe's@example.org,i,2017-03-11\n"
    others = {ours: theirs for ours, theirs in COLUMNS.items() if ours != "user_id"}
    for hides, told in ((True, r"The value \(not shown\) of the type"), (False, r"zoe.{1,2}s@example\.org")):
        with pytest.raises(LsifError, match=told), reading(spark, hides):
            one_row(spark, tmp_path, text, columns=others, expressions={"user_id": "cast(user AS bigint)"})
