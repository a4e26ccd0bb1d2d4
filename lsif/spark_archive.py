"""Spark's Java classes, read and checked once and kept: a class-data archive cuts what every start of a JVM costs.

`lsif.make_spark_archive` makes one. It lies in the environment (`share/lsif`), beside the Spark that it was made of.
Without one everything works, only slower. One is used only when it was made by this user for these very Java and Spark
files; Java itself checks it once more and, when something does not fit, starts without.
"""

import hashlib
import os
import shutil
import stat
import sys
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


def _java() -> Path | None:
    """The one that Spark will start."""
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    return Path(found).resolve() if found and Path(found).exists() else None


def _identity(file: Path) -> str:
    return f"{file.name} {file.stat().st_size} {file.stat().st_mtime_ns}" if file.exists() else file.name
