"""What may be taken for a delivery: nothing is guessed, and every refusal names the path."""

import gzip
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from lsif.errors import LsifError
from lsif.intake.files import File, delivered_files, identity
from lsif.intake.mapping import lacking
from lsif.sources import Users


def given(kind: str = "csv", **said: Any) -> Users:
    columns = {"user_id": "id", "attributes": ["user"]}
    return Users.model_validate({"path": "", "format": kind, "columns": columns, **said})


def files(path: Path | str, kind: str = "csv", **said: Any) -> list[File]:
    return delivered_files(given(kind, **said), str(path))


def refused(path: Path | str, kind: str = "csv", **said: Any) -> str:
    with pytest.raises(LsifError) as error:
        files(path, kind, **said)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_missing_file_an_empty_day_and_a_cut_off_upload_are_three_things(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    assert f"nothing was delivered at {path}" in refused(path)
    path.write_text("")
    assert "zero bytes" in refused(path)
    path.write_text("id,user\n")
    assert [file.columns for file in files(path)] == [("id", "user")]
    path.unlink()
    (tmp_path / "day.csv.empty").touch()
    assert files(path) == []
    path.write_text("")
    assert files(path) == []
    path.write_text("id,user\n1,2\n")
    assert "declares the day empty" in refused(path)


def test_a_column_that_is_missing_is_named_beside_those_there_are(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text("id,User\n1,2\n")
    assert refused(path) == f"{path} has no column user; it has id, User"
    path.write_text("id,user,id\n1,2,3\n")
    assert "two columns of one name" in refused(path)
    lines = tmp_path / "day.jsonl"
    lines.write_text('{"id": 1}\nbroken\n{"id": 2, "usr": 3}\n')
    assert refused(lines, "jsonl") == f"{lines} has no column user; it has id, usr"
    table = tmp_path / "day.parquet"
    pq.write_table(pa.table({"id": ["1"]}), table)
    assert refused(table, "parquet") == f"{table} has no column user; it has id"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_that_lack_an_optional_column_are_counted(tmp_path: Path, kind: str) -> None:
    for number, columns in enumerate((["id"], ["id", "user"], ["id"])):
        table = pa.table({name: ["1"] for name in columns})
        path = tmp_path / f"{number}.{kind}"
        pacsv.write_csv(table, path) if kind == "csv" else pq.write_table(table, path)
    described = given(kind, optional=["attributes"])
    assert lacking(described, delivered_files(described, str(tmp_path))) == {"attributes": 2}


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    pq.write_table(pa.table({"id": ["1"], "user": ["2"]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    assert f"{path} is not a readable parquet file" in refused(path, "parquet")


def test_a_folder_is_a_day_in_files(tmp_path: Path) -> None:
    folder = tmp_path / "day"
    folder.mkdir()
    assert "nothing was delivered" in refused(folder)
    for name in ("b.csv", "a.csv", "_SUCCESS", ".a.csv.crc"):
        (folder / name).write_text("id,user\n")
    found = files(folder)
    assert [Path(file.path).name for file in found] == ["a.csv", "b.csv"]
    (folder / "_part.csv").write_text("id,user\n")
    assert "skipped in silence" in refused(folder)


def test_a_delivery_that_changes_has_another_identity_and_a_file_that_was_touched_has_not(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text("id,user\n1,2\n")
    first, at = identity(str(path)), path.stat().st_mtime_ns
    path.write_text("id,user\n1,3\n")
    os.utime(path, ns=(at, at))
    assert identity(str(path)) != first
    path.write_text("id,user\n1,2\n")
    os.utime(path, ns=(1, 1))
    assert identity(str(path)) == first


def test_headers_with_a_byte_order_mark_quotes_and_compression(tmp_path: Path) -> None:
    path = tmp_path / "day.csv.gz"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbfid,"user",extra\r\n1,2,3\r\n'))
    (file,) = files(path)
    assert (file.columns, file.header) == (("id", "user", "extra"), 'id,"user",extra')


def test_a_scheme_that_nothing_serves_is_one_line() -> None:
    with pytest.raises(LsifError, match=r"cannot reach nowhere://bucket/day.csv"):
        files("nowhere://bucket/day.csv")
