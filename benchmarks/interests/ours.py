"""LSIF's steps in one process, by the functions that its jobs call, each with its CPU seconds.

    python -m benchmarks.interests.ours past|scratch|frames|nights|gates|commits|opened --days FROM,TO --out steps.json
    python -m benchmarks.interests.ours curve --days 30,90,365 --out steps.json

`past` takes in the log; `scratch` makes tiles, histories and windows of all its days, `frames` the same by Spark alone;
`nights` runs day after day, the first of them only to warm up; `curve` does so at each length of history. LSIF_HOME and
LSIF_CONFIG say where.
"""

import argparse
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from benchmarks.interests.log import NIGHTS, day
from benchmarks.interests.steps import Steps
from lsif.checks import Check, Held
from lsif.config import Settings, load_settings
from lsif.days import days_between
from lsif.interests.as_of import base_and_tile_days, base_parts, tile_parts
from lsif.interests.bases import base_days, history_settings
from lsif.interests.contract import EVENT
from lsif.interests.delivery import delivery
from lsif.interests.history import merge
from lsif.interests.ingest import ingest
from lsif.interests.long_term import histories
from lsif.interests.recent import recent_windows
from lsif.interests.storing import TILES, categories, store_histories, store_tiles, store_windows
from lsif.spark import session
from lsif.tables import Tables


def unheld(checks: list[Check]) -> Held:
    """Lets everything pass: what is timed has no ledger."""
    return Held("", ())


def take_in(spark: SparkSession, tables: Tables, settings: Settings, days: list[str], steps: Steps) -> None:
    with steps("ingest"):
        ingest(spark, tables, settings, days, unheld)


def from_scratch(spark: SparkSession, tables: Tables, settings: Settings, days: list[str], steps: Steps) -> None:
    with steps("warm-up"):
        store_tiles(spark, tables, days[:1])
        store_histories(spark, tables, settings, days[:1])
        store_windows(spark, tables, settings, days[:1])
    with steps("tiles"):
        store_tiles(spark, tables, days)
    with steps("histories"):
        store_histories(spark, tables, settings, days[-1:])
    with steps("windows"):
        store_windows(spark, tables, settings, days[-1:])


def nights(
    spark: SparkSession, tables: Tables, settings: Settings, days: list[str], steps: Steps, at: str = ""
) -> None:
    for ds in days:
        with steps(f"ingest{at}"):
            ingest(spark, tables, settings, [ds], unheld)
        with steps(f"tiles{at}"):
            store_tiles(spark, tables, [ds])
        with steps(f"windows{at}"):
            store_windows(spark, tables, settings, [ds])


def lay(tables: Tables, settings: Settings, days: list[str]) -> None:
    """Events of a year, as they are after they were taken in; quick, since nobody measures it."""
    writer, wanted = tables.writer("events"), tables.schema("events")
    for ds in days:
        given = pq.read_table(settings.locate(settings.sources["shop"].path, ds))
        events = given.rename_columns(["event_id", "user_id", "item_id", "event_type", "event_time"])
        bought = pc.equal(events["event_type"], "purchase")
        events = events.append_column("weight", pc.if_else(bought, 1.0, 0.5))
        events = events.append_column("source", pa.repeat("shop", len(events)))
        for name in set(wanted.names) - set(events.column_names):
            events = events.append_column(name, pa.nulls(len(events), wanted.field(name).type))
        writer.write(ds, events)
    writer.commit()


def curve(spark: SparkSession, tables: Tables, settings: Settings, lengths: list[int], steps: Steps) -> None:
    """Nights after each number of days, then a base there, made as a night makes it from the last one that was due."""
    known = 0
    for length in lengths:
        before = [day(number) for number in range(known, length)]
        lay(tables, settings, before)
        store_tiles(spark, tables, before)
        known = length + NIGHTS
        nights(spark, tables, settings, [day(number) for number in range(length, known)], steps, str(length))
        due = base_days(tables.rows("events", last=day(known - 2)))[-1]
        with steps(f"base before {length}"):
            store_histories(spark, tables, settings, [due])
        with steps(f"base{length}"):
            store_histories(spark, tables, settings, [day(known - 1)])


def frames(spark: SparkSession, tables: Tables, settings: Settings, days: list[str], steps: Steps) -> None:
    """The same by Spark alone, as on a cluster; nothing is written."""
    interests = settings.interests
    events = tables.frame(spark, "events", days)
    made = {name: tile(events) for name, tile in TILES.items()}
    made["windows"] = recent_windows(events, days[-1:], interests.recent_days, interests.window_events)
    nothing = tables.frame(spark, "long_term_histories", [])
    history = (categories(tables, days[-1]), days[-1:], history_settings(settings))
    made["histories"] = histories(nothing, made["history_tiles"], *history)
    for name, frame in made.items():
        spark.sparkContext.setJobDescription(name)
        with steps(name):
            frame.write.format("noop").mode("overwrite").save()


def gates(spark: SparkSession, tables: Tables, settings: Settings, days: list[str], steps: Steps) -> None:
    """Days taken in, and the same rows written in our columns and order, but neither judged nor counted."""
    plain = Tables(f"{tables.root}-plain")
    for ds in days:
        with steps("ingest"):
            ingest(spark, tables, settings, [ds], unheld)
        with steps("plain write"):
            writer, source = plain.writer("events"), settings.sources["shop"]
            rows = delivery(spark, "shop", source, {settings.locate(source.path, ds): ds})
            rows = rows.select(*EVENT, F.lit(ds).alias("ds")).hint("rebalance", "ds")
            writer.write_frame(rows.sortWithinPartitions("user_id", "event_time", "event_id"), [ds])
            writer.commit()


def commits(spark: SparkSession, tables: Tables, settings: Settings, days: list[str], steps: Steps) -> None:
    """Of a day after a year of days."""
    log = Tables(f"{tables.root}-commits")
    row = pa.table({"item_id": ["a"], "events": [1], "baskets": [1], "buyers": [1], "weight": [1.0]})
    for number in range(YEAR):
        writer = log.writer("item_tiles")
        writer.write(day(number), row)
        started = time.process_time()  # no JVM has a part in it
        writer.commit()
        steps.cpu.setdefault("commit", []).append(time.process_time() - started)


def opened(spark: SparkSession, tables: Tables, settings: Settings, days: list[str], steps: Steps) -> None:
    """What a scorer and a trainer do first: read the newest base and the tiles after it, and merge and hold all."""
    for _ in range(ROUNDS):
        with steps("open and merge"):
            how = history_settings(settings)
            base, after = base_and_tile_days(tables, days[-1], how)
            list(merge(base_parts(tables, base), tile_parts(tables, after), days[-1], how))


WORK = {
    "past": take_in,
    "scratch": from_scratch,
    "nights": nights,
    "frames": frames,
    "gates": gates,
    "commits": commits,
    "opened": opened,
}
ROUNDS = 3
YEAR = 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=[*WORK, "curve"])
    parser.add_argument("--days", required=True, metavar="FROM,TO")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    settings, steps = load_settings(), Steps()
    with steps("start"):
        spark = session(f"bench-{options.work}", bulk=options.work in ("past", "scratch", "frames"))
    given = options.days.split(",")
    if options.work == "curve":
        curve(spark, Tables(settings.tables), settings, [int(length) for length in given], steps)
    else:
        WORK[options.work](spark, Tables(settings.tables), settings, days_between(*given), steps)
    steps.write(options.out)


if __name__ == "__main__":
    main()
