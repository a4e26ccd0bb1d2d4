"""A commit shows all of a writer's days or none, and of two writers of one day exactly one wins."""

import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lsif.errors import LsifError, MissingDays, Superseded
from lsif.tables import Tables, files
from tests.tables.tiles import put, tiles


def ids_of(tables: Tables, *days: str) -> list[str]:
    return sorted(tables.read("item_tiles", days or None)["item_id"].to_pylist())


def test_a_day_is_replaced_and_its_neighbour_untouched(tables: Tables) -> None:
    put(tables, "2017-01-01", "a", "b")
    put(tables, "2017-01-02", "c")
    neighbour = tables.fingerprint("item_tiles", "2017-01-02")
    assert put(tables, "2017-01-01", "d") == 1
    assert ids_of(tables, "2017-01-01") == ["d"]
    assert tables.fingerprint("item_tiles", "2017-01-02") == neighbour


def test_nothing_is_visible_before_the_commit(tables: Tables) -> None:
    put(tables, "2017-01-01", "a")
    writer = tables.writer("item_tiles")
    writer.write("2017-01-01", tiles(tables, "b"))
    assert ids_of(tables) == ["a"]


def test_a_bulk_write_shows_all_its_days_at_once(tables: Tables) -> None:
    writer = tables.writer("item_tiles")
    for ds in ("2017-01-01", "2017-01-02"):
        writer.write(ds, tiles(tables, ds))
    assert tables.days("item_tiles") == []
    writer.commit()
    assert tables.days("item_tiles") == ["2017-01-01", "2017-01-02"]


def test_small_batches_share_row_groups(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = [batch for name in "abcdefg" for batch in tiles(tables, name, f"{name}2").to_batches()]
    monkeypatch.setattr(files, "GROUP_BYTES", 2 * batches[0].nbytes)
    writer = tables.writer("item_tiles")
    writer.write("2017-01-01", batches)
    writer.commit()
    assert ids_of(tables) == sorted(item for name in "abcdefg" for item in (name, f"{name}2"))
    (file,) = Path(tables.path("item_tiles")).rglob("*.parquet")
    footer = pq.read_metadata(file)
    assert [footer.row_group(number).num_rows for number in range(footer.num_row_groups)] == [4, 4, 4, 2]


@pytest.mark.parametrize(("groups", "wanted"), [(1, [7]), (3, [3, 3, 1]), (7, [1] * 7)])
def test_many_rows_at_once_are_cut_into_row_groups(
    tables: Tables, monkeypatch: pytest.MonkeyPatch, groups: int, wanted: list[int]
) -> None:
    monkeypatch.setattr(files, "GROUP_BYTES", tiles(tables, *"abcdefg").nbytes // groups)
    put(tables, "2017-01-01", *"abcdefg")
    found = list(tables.row_groups("item_tiles", "2017-01-01", ["item_id"]))
    assert [len(part) for part in found] == wanted
    assert pa.concat_tables(found)["item_id"].to_pylist() == [*"abcdefg"]


def test_a_batch_of_another_schema_is_refused_wherever_it_comes(tables: Tables) -> None:
    (batch,) = tiles(tables, "a").to_batches()
    with pytest.raises(LsifError, match="the rows to write hold"):
        tables.writer("item_tiles").write("2017-01-01", [batch, batch.drop_columns(["weight"])])


@pytest.mark.parametrize("before", [(), ("old",)], ids=["first writers of a new day", "writers of a known day"])
def test_one_of_two_writers_wins(tables: Tables, before: tuple[str, ...]) -> None:
    if before:
        put(tables, "2017-01-01", *before)
    writers = [tables.writer("item_tiles") for _ in range(2)]
    for number, writer in enumerate(writers):
        writer.write("2017-01-01", tiles(tables, f"w{number}"))
    writers[1].commit()
    with pytest.raises(Superseded, match="2017-01-01: another writer committed first"):
        writers[0].commit()
    assert ids_of(tables) == ["w1"]


def test_simultaneous_writers_of_one_day_leave_one_winner(tables: Tables) -> None:
    writers = [tables.writer("item_tiles") for _ in range(6)]
    outcomes: list[str] = []

    def commit(number: int) -> None:
        writers[number].write("2017-01-01", tiles(tables, f"w{number}"))
        try:
            writers[number].commit()
            outcomes.append(f"w{number}")
        except Superseded:
            outcomes.append("superseded")

    threads = [threading.Thread(target=commit, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("superseded") == 5
    assert ids_of(tables) == [name for name in outcomes if name != "superseded"]


def test_writers_of_different_days_do_not_disturb_each_other(tables: Tables) -> None:
    put(tables, "2017-01-01", "a")
    late = tables.writer("item_tiles")
    put(tables, "2017-01-01", "b")
    late.write("2017-01-02", tiles(tables, "c"))
    late.commit()
    assert ids_of(tables) == ["b", "c"]


def test_an_empty_day_is_there_and_a_missing_one_is_named(tables: Tables) -> None:
    put(tables, "2017-01-01")
    put(tables, "2017-01-03", "a")
    assert tables.days("item_tiles") == ["2017-01-01", "2017-01-03"]
    with pytest.raises(MissingDays, match="item_tiles lacks 2017-01-02, 2017-01-04"):
        tables.require_days("item_tiles", "2017-01-01", "2017-01-04")
    with pytest.raises(MissingDays, match=r"lacks 2017-01-02 to 2018-01-01, 364 days of them: run") as many:
        tables.require_days("item_tiles", "2017-01-01", "2018-01-01")
    assert many.value.days[:2] == ["2017-01-02", "2017-01-04"]
    assert tables.newest_day("item_tiles", "2017-01-02") == "2017-01-01"
    assert tables.newest_day("item_tiles", "2016-12-31") is None


def test_staged_rows_are_read_checked_and_published_once(tables: Tables) -> None:
    writer = tables.writer("item_tiles")
    writer.write("2017-01-01", tiles(tables, "a"))
    writer.stage(model_version="3")
    staged = tables.staged("item_tiles", "2017-01-01")
    assert staged.scan().to_table()["item_id"].to_pylist() == ["a"]
    assert staged.notes == {"model_version": "3"}
    assert tables.days("item_tiles") == []
    assert staged.commit() == 1
    assert tables.staged("item_tiles", "2017-01-01").commit() == 1
    assert ids_of(tables) == ["a"]


def test_what_was_staged_before_another_publication_is_superseded(tables: Tables) -> None:
    writer = tables.writer("item_tiles")
    writer.write("2017-01-01", tiles(tables, "a"))
    staged = writer.stage()
    put(tables, "2017-01-01", "b")
    with pytest.raises(Superseded):
        staged.commit()
    assert ids_of(tables) == ["b"]


def test_publishing_what_was_never_staged_says_so(tables: Tables) -> None:
    with pytest.raises(LsifError, match="nothing is staged for item_tiles ds=2017-01-01"):
        tables.staged("item_tiles", "2017-01-01")


def files_on_disk(tables: Tables) -> set[Path]:
    return set(Path(tables.path("item_tiles")).rglob("*.parquet"))


def test_equal_rows_in_any_order_of_any_files_keep_the_files_of_the_day(tables: Tables) -> None:
    put(tables, "2017-01-01", "a", "b")
    put(tables, "2017-01-02", "a")
    days = ("2017-01-01", "2017-01-02")
    before, disk, version = tables.fingerprints("item_tiles", days), files_on_disk(tables), newest_version(tables)
    writer = tables.writer("item_tiles")
    for name in ("b", "a"):
        writer.write("2017-01-01", tiles(tables, name))
    assert writer.commit() == 2
    assert tables.fingerprints("item_tiles", days) == before
    assert files_on_disk(tables) == disk, "what was not needed is left behind"
    assert newest_version(tables) == version

    writer = tables.writer("item_tiles")
    for ds in days:
        writer.write(ds, tiles(tables, "a"))
    writer.commit()
    after = tables.fingerprints("item_tiles", days)
    assert [after[day] == before[day] for day in before] == [False, True], "one day of two has other rows"
    assert ids_of(tables, "2017-01-01") == ["a"]


def test_a_day_is_read_by_row_groups_with_chosen_texts_as_dictionaries(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "GROUP_BYTES", tiles(tables, "a", "b").nbytes)
    put(tables, "2017-01-01", "z")
    writer = tables.writer("item_tiles")
    writer.write("2017-01-02", pa.concat_tables([tiles(tables, "a", "b"), tiles(tables, "c")]))
    writer.write("2017-01-02", tiles(tables, "d"))
    writer.commit()
    groups = list(tables.row_groups("item_tiles", "2017-01-02", ["item_id"], ["item_id"]))
    assert sorted(group["item_id"].to_pylist() for group in groups) == [["a", "b"], ["c"], ["d"]]
    assert {group["ds"][0].as_py() for group in groups} == {"2017-01-02"}
    assert all(pa.types.is_dictionary(group["item_id"].type) for group in groups)
    plain = next(tables.row_groups("item_tiles", "2017-01-02", ["item_id", "events"]))
    assert plain.column_names == ["item_id", "events", "ds"] and plain["item_id"].type == pa.string()
    assert list(tables.row_groups("recent_windows", "2017-01-02", ["user_id"])) == []


def test_a_large_day_is_compared_in_its_order_only(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsif.tables.files.MOST_SORTED", 1)
    put(tables, "2017-01-01", "a", "b")
    before = tables.fingerprint("item_tiles", "2017-01-01")
    put(tables, "2017-01-01", "a", "b")
    assert tables.fingerprint("item_tiles", "2017-01-01") == before
    put(tables, "2017-01-01", "b", "a")
    assert tables.fingerprint("item_tiles", "2017-01-01") != before


def test_equal_rows_made_from_something_else_say_so_and_keep_their_files(tables: Tables) -> None:
    for number in (7, 8):
        writer = tables.writer("item_tiles")
        writer.write("2017-01-01", tiles(tables, "a"))
        writer.commit({"2017-01-01": number})
        assert tables.made_from("item_tiles", "2017-01-01") == number
    assert len(files_on_disk(tables)) == 1
    assert tables.made_from("item_tiles", "2017-01-02") is None


def test_equal_rows_that_were_staged_leave_the_published_ones(tables: Tables) -> None:
    put(tables, "2017-01-01", "a")
    before = tables.fingerprint("item_tiles", "2017-01-01")
    writer = tables.writer("item_tiles")
    writer.write("2017-01-01", tiles(tables, "a"))
    writer.stage()
    for _ in range(2):
        staged = tables.staged("item_tiles", "2017-01-01")
        assert staged.commit() == staged.scan().count_rows() == 1
    assert tables.fingerprint("item_tiles", "2017-01-01") == before


def test_equal_rows_have_equal_content_in_any_order_of_any_files(tables: Tables) -> None:
    put(tables, "2017-01-01", "a", "b")
    first = tables.content_hash("item_tiles", "2017-01-01")
    put(tables, "2017-01-01", "a")
    assert tables.content_hash("item_tiles", "2017-01-01") != first
    writer = tables.writer("item_tiles")
    for name in ("b", "a"):
        writer.write("2017-01-01", tiles(tables, name))
    writer.commit()
    assert tables.content_hash("item_tiles", "2017-01-01") == first


def newest_version(tables: Tables) -> int:
    return max(int(file.stem) for file in (Path(tables.path("item_tiles")) / "_delta_log").glob("*.json"))


class TestTheDoor:
    def test_a_missing_column_is_named(self, tables: Tables) -> None:
        with pytest.raises(LsifError, match="item_tiles: the rows to write hold no weight"):
            tables.writer("item_tiles").write("2017-01-01", tiles(tables, "a").drop_columns(["weight"]))

    def test_an_unknown_column_is_named(self, tables: Tables) -> None:
        extra = tiles(tables, "a").append_column("colour", pa.array(["red"]))
        with pytest.raises(LsifError, match="an unknown colour"):
            tables.writer("item_tiles").write("2017-01-01", extra)

    def test_another_type_is_refused(self, tables: Tables) -> None:
        rows = tiles(tables, "7").set_column(0, "item_id", pa.array([7]))
        with pytest.raises(LsifError, match="item_id as int64, the schema wants string"):
            tables.writer("item_tiles").write("2017-01-01", rows)

    def test_a_null_key_is_refused(self, tables: Tables) -> None:
        with pytest.raises(LsifError, match="key column item_id holds nulls"):
            tables.writer("item_tiles").write("2017-01-01", tiles(tables, None))

    def test_a_table_of_another_shape_is_refused_on_the_way_out(self, tables: Tables) -> None:
        from deltalake import write_deltalake

        write_deltalake(tables.path("item_tiles"), pa.table({"item_id": ["a"], "ds": ["2017-01-01"]}))
        with pytest.raises(LsifError, match="the table holds no baskets, buyers, events, weight"):
            tables.read("item_tiles")

    def test_an_unknown_table_is_named(self, tables: Tables) -> None:
        with pytest.raises(LsifError, match="no table 'itms'"):
            tables.read("itms")

    def test_columns_may_come_in_any_order(self, tables: Tables) -> None:
        rows = tiles(tables, "a")
        writer = tables.writer("item_tiles")
        writer.write("2017-01-01", rows.select(rows.column_names[::-1]))
        writer.commit()
        assert ids_of(tables) == ["a"]


def test_others_read_the_tables_without_us(tables: Tables) -> None:
    import duckdb
    import polars as pl
    from deltalake import DeltaTable

    put(tables, "2017-01-01", "a", "b")
    put(tables, "2017-01-02", "c")
    path = tables.path("item_tiles")
    with duckdb.connect() as connection:
        events = connection.read_parquet(DeltaTable(path).file_uris(), hive_partitioning=True)
        counted = events.query("events", "SELECT ds::text, count(*) FROM events GROUP BY ds ORDER BY ds").fetchall()
    assert counted == [("2017-01-01", 2), ("2017-01-02", 1)]
    assert sorted(pl.read_delta(path)["item_id"]) == ["a", "b", "c"]
    assert len(DeltaTable(path).to_pandas()) == 3


def test_reading_leaves_no_thread_that_calls_python(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    # With a filesystem written in Python, one reading process in four died by SIGABRT as it ended.
    put(tables, "2017-01-01", "a")
    monkeypatch.setattr("pyarrow.fs.PyFileSystem", lambda handler: pytest.fail("a filesystem written in Python"))
    assert ids_of(tables) == ["a"]


def test_appends_add_up(tables: Tables, tmp_path: Path) -> None:
    row = {"text_sha256": "x", "encoder": "e", "vector": [1.0]}
    for _ in range(2):
        tables.append("item_vectors", pa.Table.from_pylist([row], schema=tables.schema("item_vectors")))
    assert tables.read("item_vectors").num_rows == 2
    with pytest.raises(ValueError, match="replaced by ds"):
        tables.append("events", tables.read("events"))


def test_no_day_has_no_rows(tables: Tables) -> None:
    put(tables, "2017-01-01", "a")
    assert tables.read("item_tiles", []).num_rows == 0


def test_an_opened_table_reads_few_commits(tables: Tables) -> None:
    """However long the log, no more than those since the last checkpoint."""
    for number in range(10, 35):
        put(tables, f"2017-01-{number % 28 + 1:02d}", "a")
    log = Path(tables.path("item_tiles")) / "_delta_log"
    checkpoints = sorted(int(file.name.split(".")[0]) for file in log.glob("*.checkpoint.parquet"))
    assert len(list(log.glob("*.json"))) - 1 - checkpoints[-1] < 10


def test_removed_days_are_gone_for_new_readers_and_there_for_one_who_had_looked(tables: Tables) -> None:
    for ds in ("2017-01-01", "2017-01-02"):
        put(tables, ds, ds)
    reader = tables.pinned()
    assert reader.days("item_tiles") == ["2017-01-01", "2017-01-02"]
    tables.remove("item_tiles", ["2017-01-01", "2016-12-31"])
    assert tables.days("item_tiles") == ["2017-01-02"]
    tables.tidy("item_tiles", keep_days=7)
    assert ids_of(reader) == ["2017-01-01", "2017-01-02"]
    before = tables.size("item_tiles")
    assert (before.rows, before.files) == (1, 1)
    tables.tidy("item_tiles", keep_days=0)
    with pytest.raises(FileNotFoundError):
        reader.read("item_tiles")
    assert ids_of(tables) == ["2017-01-02"]
    assert tables.size("item_tiles").visible == before.visible
    assert len(files_on_disk(tables)) == 1


def test_what_a_killed_writer_left_is_deleted_in_time_and_what_is_staged_is_not(tables: Tables) -> None:
    put(tables, "2017-01-01", "a")
    killed = tables.writer("item_tiles")
    killed.write("2017-01-01", tiles(tables, "b"))
    writer = tables.writer("item_tiles")
    writer.write("2017-01-02", tiles(tables, "c"))
    writer.stage()
    tables.tidy("item_tiles", keep_days=7)
    assert len(files_on_disk(tables)) == 3
    assert tables.staged("item_tiles", "2017-01-02").commit() == 1
    tables.tidy("item_tiles", keep_days=0)
    assert len(files_on_disk(tables)) == 2
    assert ids_of(tables) == ["a", "c"]


def test_a_table_that_grows_is_packed_into_few_files(tables: Tables) -> None:
    for number in range(5):
        row = {"text_sha256": str(number), "encoder": "e", "vector": [1.0]}
        tables.append("item_vectors", pa.Table.from_pylist([row], schema=tables.schema("item_vectors")))
    tables.tidy("item_vectors", keep_days=0)
    assert (tables.size("item_vectors").files, tables.size("item_vectors").rows) == (1, 5)
    assert sorted(tables.read("item_vectors")["text_sha256"].to_pylist()) == list("01234")


def test_a_removal_survives_a_commit_that_came_between(tables: Tables) -> None:
    for ds in ("2017-01-01", "2017-01-02"):
        put(tables, ds, ds)
    reader = tables.pinned()
    reader.days("item_tiles")
    put(tables, "2017-01-03", "c")
    reader.remove("item_tiles", ["2017-01-01"])
    assert tables.days("item_tiles") == ["2017-01-02", "2017-01-03"]
