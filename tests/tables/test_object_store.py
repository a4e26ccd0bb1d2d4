"""Tables under an s3:// root: the same rows, hashes, conflicts and refusals as in a local folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest

from lsif.errors import LsifError, Superseded
from lsif.intake.files import delivered_files
from lsif.sources import Users
from lsif.tables import Tables, commits
from tests.tables.object_store import BUCKET, object_store
from tests.tables.tiles import put, tiles

D1, D2 = "2017-01-01", "2017-01-02"
GIVEN = Users.model_validate({"path": "", "format": "csv", "columns": {"user_id": "id"}})


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with object_store() as address:
        yield address


@pytest.fixture
def tables(store: str, request: pytest.FixtureRequest) -> Tables:
    """An empty root of the test's own."""
    return Tables(f"s3://{BUCKET}/{request.node.name}/tables/")


def keys(prefix: str) -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def test_days_are_written_replaced_and_read_as_in_a_folder(tables: Tables, tmp_path: Path) -> None:
    assert tables.days("item_tiles") == []
    here = Tables(str(tmp_path))
    for at in (tables, here):
        put(at, D1, "a", "b")
        put(at, D2)
        assert put(at, D1, "c", "é") == 2
    assert tables.days("item_tiles") == [D1, D2]
    assert sorted(tables.read("item_tiles", [D1])["item_id"].to_pylist()) == ["c", "é"]
    assert tables.content_hash("item_tiles", D1) == here.content_hash("item_tiles", D1)
    assert tables.fingerprint("item_tiles", D1) != here.fingerprint("item_tiles", D1)


def test_of_two_writers_of_a_day_one_wins(tables: Tables) -> None:
    writers = [tables.writer("item_tiles") for _ in range(2)]
    for number, writer in enumerate(writers):
        writer.write(D1, tiles(tables, f"w{number}"))
    writers[1].commit()
    with pytest.raises(Superseded, match=f"{D1}: another writer committed first"):
        writers[0].commit()
    assert tables.read("item_tiles")["item_id"].to_pylist() == ["w1"]


def test_a_commit_in_the_same_moment_is_never_written_over(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both want the same file of the log; without a conditional put the later one would swallow the earlier day."""
    put(tables, D1, "a")
    seen, look = [], commits.visible_files

    def overtaken(handle: Any) -> Any:
        seen.append(handle.version())
        if len(seen) == 1:
            put(tables, D2, "b")
        return look(handle)

    monkeypatch.setattr(commits, "visible_files", overtaken)
    put(tables, D1, "c")
    assert seen == [1, 1, 1, 1, 2], "two looks a commit; the overtaken one looked again and went after the other"
    assert sorted(tables.read("item_tiles")["item_id"].to_pylist()) == ["b", "c"]


def test_staged_rows_are_published_once_and_appends_add_up(tables: Tables) -> None:
    writer = tables.writer("item_tiles")
    writer.write(D1, tiles(tables, "a"))
    writer.stage(model_version="3")
    assert tables.days("item_tiles") == []
    staged = tables.staged("item_tiles", D1)
    assert (staged.scan().to_table()["item_id"].to_pylist(), staged.notes) == (["a"], {"model_version": "3"})
    assert [tables.staged("item_tiles", D1).commit() for _ in range(2)] == [1, 1]
    assert tables.days("item_tiles") == [D1]
    row = {"text_sha256": "x", "encoder": "e", "vector": [1.0]}
    for _ in range(2):
        tables.append("item_vectors", pa.Table.from_pylist([row], schema=tables.schema("item_vectors")))
    assert tables.read("item_vectors").num_rows == 2


def test_only_files_are_put_there(tables: Tables, request: pytest.FixtureRequest) -> None:
    put(tables, D1, "a")
    found = keys(request.node.name)
    assert [key for key in found if not key.endswith((".json", ".parquet"))] == [], "no markers of folders"
    assert len(found) == 3, "two commits and one file"


def test_sparks_spelling_of_the_root_is_the_same_root(tables: Tables) -> None:
    spelled = Tables(tables.root.replace("s3://", "s3a://"))
    put(spelled, D1, "a")
    assert tables.fingerprint("item_tiles", D1) == spelled.fingerprint("item_tiles", D1) != ""


def test_deliveries_are_found_and_gaps_named(store: str) -> None:
    client = boto3.client("s3")
    client.put_object(Bucket=BUCKET, Key="landing/1.csv", Body=b"id,user\n1,u\n")
    client.put_object(Bucket=BUCKET, Key="landing/2.csv.empty", Body=b"")
    (file,) = delivered_files(GIVEN, f"s3://{BUCKET}/landing/1.csv")
    assert (file.path, file.columns) == (f"s3://{BUCKET}/landing/1.csv", ("id", "user"))
    assert delivered_files(GIVEN, f"s3://{BUCKET}/landing/2.csv") == []
    with pytest.raises(LsifError, match=f"nothing was delivered at s3://{BUCKET}/landing/3.csv"):
        delivered_files(GIVEN, f"s3://{BUCKET}/landing/3.csv")


def test_what_a_store_refuses_is_one_line_and_no_outage(store: str) -> None:
    with pytest.raises(LsifError, match=r"cannot open the table s3://elsewhere/tables/events: .*NoSuchBucket") as error:
        Tables("s3://elsewhere/tables").days("events")
    assert "\n" not in str(error.value) and type(error.value) is LsifError
