"""The session's settings: what always holds, what is for one machine, and what a user may override."""

from typing import TYPE_CHECKING

import pytest

from lsif.errors import LsifError
from lsif.spark import JAVA, settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_one_machine_keeps_to_itself_and_a_cluster_is_left_alone() -> None:
    assert settings("local[*]", "")["spark.driver.bindAddress"] == "127.0.0.1"
    cluster = settings("spark://spark-master:7077", "")
    assert not any(key.startswith("spark.driver") for key in cluster)
    assert cluster["spark.sql.session.timeZone"] == "UTC"


def test_bulk_on_one_machine_has_small_tasks_and_the_full_compiler() -> None:
    night, bulk = settings("local[*]", ""), settings("local[*]", "", bulk=True)
    cluster = settings("spark://spark-master:7077", "", bulk=True)
    size = "spark.sql.adaptive.advisoryPartitionSizeInBytes"
    assert (bulk[size], size in night, size in cluster) == ("16m", False, False)
    assert int(bulk["spark.sql.shuffle.partitions"]) > int(night["spark.sql.shuffle.partitions"])
    assert ("TieredStopAtLevel" in night[JAVA], "TieredStopAtLevel" in bulk[JAVA]) == (True, False)


def test_an_override_wins_and_a_typo_is_one_line() -> None:
    changed = settings("local[*]", "spark.driver.memory=8g spark.sql.shuffle.partitions=64")
    assert (changed["spark.driver.memory"], changed["spark.sql.shuffle.partitions"]) == ("8g", "64")
    with pytest.raises(LsifError, match=r"'spark.driver.memory' is not of the form key=value"):
        settings("local[*]", "spark.driver.memory 8g")


def test_the_session_is_as_set(spark: "SparkSession") -> None:
    conf = spark.conf
    assert conf.get("spark.sql.session.timeZone") == "UTC"
    assert conf.get("spark.sql.parquet.outputTimestampType") == "TIMESTAMP_MICROS"
    assert conf.get("spark.ui.enabled") == "false"
    assert str(spark.conf.get("spark.driver.host")) == "127.0.0.1"
