"""The packaged sample as a shop would deliver it."""

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lsif.errors import LsifError
from lsif.sample import land


def test_a_day_has_its_utc_day_and_landing_twice_delivers_nothing_new(tmp_path: Path) -> None:
    lines = land(tmp_path, "2017-11-04", "2017-11-06", households=200)
    days = sorted((tmp_path / "landing" / "purchases").iterdir())
    assert [file.stem for file in days] == ["2017-11-04", "2017-11-05", "2017-11-06"]
    tables = {file.stem: pq.read_table(file) for file in days}
    assert sum(map(len, tables.values())) == lines > 100
    for ds, rows in tables.items():
        assert pc.unique(pc.strftime(rows["transaction_timestamp"], "%Y-%m-%d")).to_pylist() == [ds]
        assert rows["transaction_timestamp"].to_pylist() == sorted(rows["transaction_timestamp"].to_pylist())
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.parquet")}
    assert land(tmp_path, "2017-11-04", "2017-11-06", households=200) == lines
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.parquet")} == before


def test_a_folder_that_takes_no_files_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "landing").write_text("in the way")
    with pytest.raises(LsifError, match=f"^cannot write the sample below {tmp_path}/landing: [^\n]+$"):
        land(tmp_path, "2017-11-04", "2017-11-04", households=2)


def test_few_households_bring_their_products_and_are_among_the_many(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    land(few, "2017-05-01", "2017-05-07", households=20)
    land(many, "2017-05-01", "2017-05-07", households=40)
    households = {
        home: {
            household
            for file in (home / "landing" / "purchases").iterdir()
            for household in pq.read_table(file)["household_id"].to_pylist()
        }
        for home in (few, many)
    }
    assert 0 < len(households[few]) <= 20
    assert households[few] < households[many]
    products = pq.read_table(few / "landing" / "products.parquet")
    week = pq.read_table(few / "landing" / "purchases" / "2017-05-03.parquet")
    assert set(week["product_id"].to_pylist()) <= set(products["product_id"].to_pylist())
    assert len(products) < 20_000
    assert all(products["title"].to_pylist())
