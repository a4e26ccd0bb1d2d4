"""What pseudonyms cost where rows get our columns: the same ids as they are, masked, and masked and sealed.

python -m benchmarks.masking [--rows 4000000]
"""

import argparse
import statistics
import time

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lsif.intake.masking import Masking
from lsif.privacy.key import Key
from lsif.spark import session

ROUNDS = 3


def seconds(rows: DataFrame, made: Column) -> float:
    """Of going through all rows and keeping none."""
    started = time.perf_counter()
    rows.select(F.max(F.length(made))).collect()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4_000_000)
    asked = parser.parse_args().rows
    mask = Masking(Key(bytes(range(32))), frozenset({"user_id"}), 1000)
    rows = session("masking", bulk=True).range(asked).select(F.concat(F.lit("customer-"), F.col("id")).alias("id"))
    ways = {"as they are": F.col("id"), "masked": mask.of(F.col("id")), "sealed": mask.sealed(F.col("id"))}
    for way, made in ways.items():
        seconds(rows, made)
        taken = [seconds(rows, made) for _ in range(ROUNDS)]
        middle = statistics.median(taken)
        print(f"{way:<12} {middle:6.2f} s ({min(taken):.2f} to {max(taken):.2f}), {middle / asked * 1e6:.2f} µs a row")


if __name__ == "__main__":
    main()
