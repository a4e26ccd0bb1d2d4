"""Spark's Java classes, read and checked once and kept: a class-data archive cuts what every start of a JVM costs.

    python -m lsif.spark_archive        # once per environment and Java: 20 seconds, 170 MB; `make` does it

It lies in the environment (`share/lsif`), beside the Spark that it was made of. Without one everything works, only
slower. One is used only when it was made by this user for these very Java and Spark files; Java itself checks it once
more and, when something does not fit, starts without.
"""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pyspark

QUIET = "-Xlog:cds=off -Xlog:cds+dynamic=off"  # an archive that does not fit is no news


def archive_file() -> Path | None:
    """Where the archive of this Java and this Spark lies, made or not; None without a Java."""
    java = _java()
    if java is None:
        return None
    parts = [str(java), *map(_identity, (java, java.parents[1] / "lib" / "server" / "libjvm.so"))]
    jars = sorted((Path(pyspark.__file__).parent / "jars").glob("*.jar"))
    mark = hashlib.sha256("|".join([*parts, *map(_identity, jars)]).encode()).hexdigest()[:16]
    return Path(sys.prefix) / "share" / "lsif" / f"spark-{pyspark.__version__}-{mark}.jsa"


def java_option() -> str:
    """The JVM options that use the archive; empty when there is none, or none that can be trusted."""
    file = archive_file()
    if file is None or any(character.isspace() for character in str(file)) or not file.exists():
        return ""
    found = file.lstat()
    mine = stat.S_ISREG(found.st_mode) and found.st_uid == os.getuid()
    open_to_others = (found.st_mode | file.parent.stat().st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    return f"-XX:SharedArchiveFile={file} {QUIET}" if mine and not open_to_others else ""


def make() -> Path | None:
    """Run a small Spark job that archives its classes as it ends; whoever makes one at the same time does no harm."""
    file = archive_file()
    if file is None or file.exists():
        return file
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        part = Path(folder) / "part.jsa"
        subprocess.run([sys.executable, "-m", "lsif.spark_archive", str(part)], check=True)
        part.chmod(0o600)
        part.replace(file)  # atomic: a reader has the old file, this one, or another maker's, whole
    return file


def _archive_at(part: Path) -> None:
    """Use what a night uses, then wait for the JVM, which writes the archive when it ends."""
    from pyspark import SparkContext
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    from lsif.spark import session

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


def _java() -> Path | None:
    """The one that Spark will start."""
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    return Path(found).resolve() if found and Path(found).exists() else None


def _identity(file: Path) -> str:
    return f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}" if file.exists() else file.name


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _archive_at(Path(sys.argv[1]))
    else:
        print(make() or "no Java was found: set JAVA_HOME, or put java on the PATH")
