"""The Spark session: UTC everywhere, quiet, and quick to start on one machine.

`LSIF_SPARK_MASTER` picks the cluster (default `local[*]`); `LSIF_SPARK_CONF` overrides single settings, for example
`LSIF_SPARK_CONF="spark.driver.memory=8g spark.sql.shuffle.partitions=64"`.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from types import MappingProxyType

import pyspark
from pyspark.sql import SparkSession

from lsif.errors import LsifError, OutageError
from lsif.outages import is_outage
from lsif.spark_archive import java_option
from lsif.spark_master import is_local, spark_master

JAVA = "spark.driver.extraJavaOptions"

ALWAYS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",  # a log may well have both `id` and `ID`
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # Delta's timestamps; Spark's default is INT96
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.legacy.parquet.nanosAsLong": "true",  # pandas writes nanoseconds, which Spark cannot read as times
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # Plans hold the key of pseudonyms as bytes: neither explain nor an event log shows it.
    "spark.sql.redaction.string.regex": "(?i)x'?[0-9a-f]{32,}'?",
}

LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "16",  # else a task for every file that is listed
    # Else a task for every 32 small files, each of which opens a file for every partition that it shuffles to.
    "spark.sql.files.openCostInBytes": "256k",
    JAVA: "-Duser.timezone=UTC",
}

SHORT = {
    # Only the quick compiler: halves the CPU of a start, and a night on one machine is mostly start.
    JAVA: "-XX:TieredStopAtLevel=1 -Duser.timezone=UTC",
}

BULK = {
    # Tasks small enough to group in the driver's memory: joined up to 64 MB, as by default, they spill.
    "spark.sql.shuffle.partitions": "64",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16m",
}

NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


def session(
    app_name: str, bulk: bool = False, java_options: str | None = None, more: Mapping[str, str] = NOTHING_MORE
) -> SparkSession:
    """The session of this process, started when there is none.

    Args:
        bulk: minutes of work instead of seconds, with the full compiler, which halves it, and smaller tasks.
        java_options: more of them, on one machine; default: those of the class archive, if there is one.
        more: settings of this application.

    Raises:
        OutageError: the master does not answer.
        LsifError: `LSIF_SPARK_CONF` is not `key=value ...`, or Python and JVM are of different Spark versions.
    """
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    master = spark_master()
    builder = SparkSession.builder.appName(app_name)
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # under spark-submit the master is spark-submit's to choose
        builder = builder.master(master)
    chosen = {**more, **settings(master, os.environ.get("LSIF_SPARK_CONF", ""), bulk)}
    if is_local(master):
        chosen[JAVA] = f"{chosen[JAVA]} {java_option() if java_options is None else java_options}".strip()
    for key, value in chosen.items():
        builder = builder.config(key, value)
    try:
        spark = builder.getOrCreate()
    except Exception as error:  # Py4J's, with all of a JVM's stack in its words
        if not is_outage(error):
            raise
        raise OutageError(f"no answer from Spark's master at {master} (LSIF_SPARK_MASTER)") from error
    _check_version(spark.version)
    return spark


def settings(master: str, overrides: str, bulk: bool = False) -> dict[str, str]:
    """Spark settings for `master`, with `overrides` (`key=value key=value`) on top."""
    pairs = [pair.partition("=") for pair in shlex.split(overrides)]
    if wrong := [key for key, equals, _ in pairs if not equals]:
        raise LsifError(f"LSIF_SPARK_CONF: {wrong[0]!r} is not of the form key=value")
    local = {**LOCAL, **(BULK if bulk else SHORT)} if is_local(master) else {}
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    return {**ALWAYS, **local, **{key: value for key, _, value in pairs}}


def _check_version(jvm: str) -> None:
    # pyspark-client installs over pyspark's files: pip calls a mixed pair fine and every UDF then fails.
    if jvm != pyspark.__version__:
        raise LsifError(f"pyspark is {pyspark.__version__} but its JVM is {jvm}: install one version of both")
