"""What a trivial Spark job costs: by default, with our settings, and with an archive of its classes.

    python -m benchmarks.spark_start --rounds 3

CPU seconds of Python, the JVM and all they start; the making of the archive is told apart.
"""

import argparse
import os
import sys
import tempfile
from statistics import median

from benchmarks.interests.measure import measured
from lsif.config import project_folder
from lsif.make_spark_archive import make

JOB = "spark.range(1000).selectExpr('id % 7 AS k').groupBy('k').count().write.parquet({out!r}); spark.stop()"
DEFAULT = "from pyspark.sql import SparkSession; spark = SparkSession.builder.master('local[2]').getOrCreate(); "
WITHOUT = "from lsif.spark import session; spark = session('trivial', java_options=''); "
OURS = "from lsif.spark import session; spark = session('trivial'); "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(project_folder()), "LSIF_SPARK_MASTER": "local[2]"}
        environment |= {"PYSPARK_PYTHON": sys.executable}
        making = measured([sys.executable, "-m", "lsif.make_spark_archive", f"{folder}/archive.jsa"], environment)
        print(f"making an archive, once per environment: {making.cpu:.1f} CPU s")
        make()
        rows = {"default": DEFAULT, "ours without an archive": WITHOUT, "ours": OURS}
        cpu: dict[str, list[float]] = {name: [] for name in rows}
        for number in range(options.rounds):
            for name, start in rows.items():
                job = start + JOB.format(out=f"{folder}/{name}-{number}")
                cpu[name].append(measured([sys.executable, "-c", job], environment).cpu)
    for name, found in cpu.items():
        share = median(found) / median(cpu["default"])
        print(f"{name}: {' '.join(f'{one:.1f}' for one in found)} CPU s, {share:.0%} of the default's")


if __name__ == "__main__":
    main()
