"""Makes the archive of Spark's Java classes that `lsif.spark_archive` looks for.

python -m lsif.make_spark_archive        # once per environment and Java: 20 seconds, 170 MB; `make` does it
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pyspark import SparkContext
from pyspark.sql import Window
from pyspark.sql import functions as F

from lsif.spark import session
from lsif.spark_archive import QUIET, archive_file


def make() -> Path | None:
    """Run a small Spark job that archives its classes as it ends; whoever makes one at the same time does no harm."""
    file = archive_file()
    if file is None or file.exists():
        return file
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        part = Path(folder) / "part.jsa"
        subprocess.run([sys.executable, "-m", "lsif.make_spark_archive", str(part)], check=True)
        part.chmod(0o600)
        part.replace(file)  # atomic: a reader has the old file, this one, or another maker's, whole
    return file


def _archive_at(part: Path) -> None:
    """Use what a night uses, then wait for the JVM, which writes the archive when it ends."""
    os.environ["LSIF_SPARK_MASTER"] = "local[2]"
    spark = session("spark_archive", java_options=f"-XX:ArchiveClassesAtExit={part} {QUIET}")
    rows = spark.range(1000).select(F.concat(F.lit("u"), F.col("id") % 7).alias("user"), "id")
    place = F.row_number().over(Window.partitionBy("user").orderBy("id"))
    lists = rows.withColumn("place", place).groupBy("user").agg(F.sort_array(F.collect_list("id")).alias("ids"))
    lists.write.partitionBy("user").parquet(str(part.with_suffix(".rows")))
    joined = spark.read.parquet(str(part.with_suffix(".rows"))).join(F.broadcast(rows), "user", "left").persist()
    joined.groupBy("user").count().collect()
    gateway = SparkContext._gateway
    assert gateway is not None  # a session is open
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _archive_at(Path(sys.argv[1]))
    else:
        print(make() or "no Java was found: set JAVA_HOME, or put java on the PATH")
