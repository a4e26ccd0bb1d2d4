"""Write histories and windows at some dates, in one Spark application: python -m benchmarks.quality.cutoffs DATE …"""

import sys

from lsif.config import load_settings
from lsif.features.steps import store_states
from lsif.interests.storing import store_histories, store_windows, window_dates
from lsif.spark import session
from lsif.tables import Tables


def main(dates: list[str]) -> None:
    settings, spark = load_settings(), session("benchmark_cutoffs", bulk=True)
    tables = Tables(settings.tables)
    print(f"histories and windows at {len(dates)} dates, {dates[0]} to {dates[-1]}", flush=True)
    store_histories(spark, tables, settings, dates)
    store_windows(spark, tables, settings, sorted({day for ds in dates for day in window_dates(tables, ds, settings)}))
    for ds in dates:
        store_states(tables, ds, settings)


if __name__ == "__main__":
    main(sorted(sys.argv[1:]))
