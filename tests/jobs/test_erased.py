"""Rows of an erased user that are delivered again stay outside, counted; nobody else's do."""

from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from lsif.intake.masking import keyed
from lsif.privacy.erased import ask
from lsif.privacy.erasure_key import pseudonym
from lsif.tables import Tables
from tests.jobs.conftest import Run, counts, deliver, last

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY, NEXT = "2017-03-01", "2017-03-02"


def rows(ds: str, *users: str) -> list[str]:
    return [f"{ds}-{n},{user},{'' if n == 2 else n},purchase,{ds}T10:00:00Z" for n, user in enumerate(users)]


def test_who_was_erased_comes_in_no_more(run: Run, home: Path, tables: Tables) -> None:
    deliver(home, DAY, *rows(DAY, "ann", "bob", "ann"))
    run("ingest_events", "--ds", DAY)
    assert counts(last(tables, "ingest_events")) == (3, 2, 0, 1)
    ask(tables, ["ann"], DAY, 30, [])
    deliver(home, NEXT, *rows(NEXT, "ann", "bob", "ann", "cid"))
    said = run("ingest_events", "--ds", NEXT)
    assert "2 rows of erased users left out" in said
    assert counts(last(tables, "ingest_events")) == (2, 2, 0, 0)
    run("ingest_events", "--ds", DAY, "--force")
    whole = Tables(tables.root).hiding(None)
    assert whole.read("events", columns=["user_id"])["user_id"].to_pylist() == ["bob", "bob", "cid"]
    assert whole.rows("quarantine") == {DAY: 0, NEXT: 0}


def test_spark_keys_an_id_as_python_does(spark: "SparkSession") -> None:
    key, ids = bytes(range(32)), ["385", "Jürgen", "", "x" * 200]
    frame = spark.createDataFrame([(one,) for one in ids], "user_id string")
    assert [row[0] for row in frame.select(keyed(F.col("user_id"), key)).collect()] == [
        pseudonym(key, one) for one in ids
    ]
