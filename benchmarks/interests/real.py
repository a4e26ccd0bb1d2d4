"""A real year: Complete Journey as the made-up shop would deliver it, each day on the same day of its first year."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.interests import log
from lsif import sample
from lsif.days import days_between

LATER = date.fromisoformat(log.FIRST) - date.fromisoformat(sample.FIRST_DAY)
DAYS = 360
"""Of the year, before the nights."""


class RealYear:
    """1,469,307 lines of 2,469 households: 4,025 a day."""

    def deliver(self, home: Path, days: int) -> None:
        """As `log.Shop.deliver`."""
        sample.land(home / "sample", last=days_between(sample.FIRST_DAY, sample.LAST_DAY)[days - 1])
        delivered = home / "sample" / "landing"
        products = pq.read_table(delivered / "products.parquet", columns=["product_id", "title", "product_category"])
        items = products.rename_columns(["id", "title", "category"])
        events = log.lay(home, items.set_column(0, "id", _text(items["id"])))
        for file in sorted((delivered / "purchases").iterdir()):
            ds = (date.fromisoformat(file.stem) + LATER).isoformat()
            pq.write_table(_as_delivered(pq.read_table(file)), events / f"{ds}.parquet", compression="zstd")


def _as_delivered(lines: pa.Table) -> pa.Table:
    time = pc.add(lines["transaction_timestamp"], pa.scalar(LATER, pa.duration("us")))
    item = _text(lines["product_id"])
    return pa.table(
        {
            "id": pc.binary_join_element_wise(_text(lines["basket_id"]), item, ":"),
            "user": _text(lines["household_id"]),
            "item": item,
            "type": pa.repeat("purchase", len(lines)),
            "time": pc.assume_timezone(time, "UTC"),
        }
    )


def _text(numbers: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(numbers, pa.string())
