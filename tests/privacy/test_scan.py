"""A home with two days, a night and a rejected file: no byte of it says who the planted user is, and who may, can."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from lsif import cli
from lsif.config import load_settings
from lsif.interests.checked import checked
from lsif.privacy.key import key_of, made_key
from lsif.privacy.naming import stored_user
from lsif.tables import Tables
from tests.conftest import SHOP
from tests.jobs.conftest import deliver
from tests.privacy.masked import BLOCKED, NIGHT, PHONE, PLANTED, PRIVACY, USERS, users
from tests.scripts import run_job

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.long
D1, D2, D3 = "2017-03-11", "2017-03-12", "2017-03-13"
NEEDLES = (b"4711@example", b"555-0199")
"""What is in the ids, however they are escaped, and in the phone."""
STEPS = ("score_users --model none", "audit_recommendations", "publish_recommendations", "deliver", "join_feedback")
INVOKE = CliRunner().invoke


def log(home: Path, ds: str, *broken: str, planted: tuple[str, str] = (PLANTED, BLOCKED)) -> None:
    ids = [*(f"u{n}" for n in range(6)), *(f'"{one}"' for one in planted)]
    deliver(home, ds, *(f"{ds}-{n},{one},i{n % 4},purchase,{ds}T10:00:00Z" for n, one in enumerate(ids)), *broken)


@pytest.fixture(scope="module")
def night(spark: "SparkSession", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("masked")
    (home / "shop.toml").write_text(SHOP + USERS + PRIVACY + NIGHT)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"HOME": home, "CONFIG": home / "shop.toml"}.items():
            patch.setenv(f"LSIF_{name}", str(value))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        patch.delenv("LSIF_TABLES", raising=False)
        patch.setenv("LSIF_WARNINGS", str(home / "warnings"))
        made_key(home / "secret/privacy.key")
        users(home, f'"{PLANTED}",no,Lyon,{PHONE}', "u1,no,Paris,", f'"{PLANTED}{"x" * 3000}",no,Lyon,')
        (home / "landing/items.csv").write_text("id,title,category\n" + "".join(f"i{n},Item {n},c\n" for n in range(4)))
        (home / "landing/blocked.txt").write_text(f"{BLOCKED}\n")
        log(home, D1)
        wrong = [f'8,"{PLANTED}",i1,wink,{D2}T10:00:00Z', f'9,"{PLANTED}', f'10,"{PLANTED}",i1,purchase,yesterday']
        log(home, D2, *wrong)
        deliver(home, D3, f'11,"{PLANTED}",i1,wink,{D3}T10:00:00Z')

        def run(step: str, ds: str, *arguments: str, code: int = 0) -> None:
            run_job(patch, None, step, "--ds", ds, *arguments, code=code)

        with (home / "jobs.log").open("w") as said, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            run("ingest_items", D1)
            run("ingest_users", D1)
            for ds in (D1, D2):
                run("events_to_interests", ds)
            run("embed_items", D2)
            for step in STEPS:
                run(*(step.split()[:1]), D2, *step.split()[1:])
            run("ingest_events", D3, code=2)
        yield home


def found_in(folder: Path, outside: tuple[Path, ...] = (), needles: tuple[bytes, ...] = NEEDLES) -> list[str]:
    """Files that hold one of the needles, as bytes or, of Parquet, in a value."""
    files = [file for file in folder.rglob("*") if file.is_file() and not any(map(file.is_relative_to, outside))]
    held = [str(file) for file in files if any(needle in file.read_bytes() for needle in needles)]
    for file in files:
        if file.suffix == ".parquet":
            text = json.dumps(pq.ParquetFile(file).read().to_pylist(), default=str).encode()
            held += [str(file)] * any(needle in text for needle in needles)
    return held


def test_nothing_says_who_the_planted_user_is(night: Path, spark: "SparkSession") -> None:
    assert found_in(night / "landing"), "the scan finds what there is"
    assert found_in(night, (night / "landing", night / "delivered.db")) == []
    assert "unknown_type" in (night / "jobs.log").read_text(), "a line with examples was told"
    manager = spark.sparkContext._jsc.sc().env().blockManager().diskBlockManager()  # type: ignore[attr-defined]
    for place in manager.localDirsString():
        assert found_in(Path(place)) == [], "what Spark wrote aside"

    # Last, since a sample is cut by Spark from lines as they are, by way of a scratch file that goes when it ends.
    told = "".join(str(vars(one)) for one in checked(spark, load_settings(), D2, 100))
    assert not any(needle in told.encode() for needle in NEEDLES)


def test_no_file_but_its_own_holds_the_key_nor_what_is_made_of_it(night: Path, spark: "SparkSession") -> None:
    key = key_of(load_settings())
    forms = tuple(form for one in (key.secret, key.names, key.seals) for form in (one, one.hex().encode()))
    assert found_in(night, needles=forms) == [str(night / "secret/privacy.key")]
    manager = spark.sparkContext._jsc.sc().env().blockManager().diskBlockManager()  # type: ignore[attr-defined]
    for place in manager.localDirsString():
        assert found_in(Path(place), needles=forms) == []


def test_rejected_rows_name_the_user_by_pseudonym(night: Path) -> None:
    settings = load_settings()
    name = stored_user(settings, PLANTED)
    rows = Tables(settings.tables).read("quarantine").to_pylist()
    by_rule = {(row["ds"], row["rule"]): row["raw"] for row in rows if row["source"] == "shop"}
    assert set(by_rule) == {(D2, "unknown_type"), (D2, "unreadable"), (D2, "unparseable_time"), (D3, "unknown_type")}
    assert json.loads(by_rule[D2, "unknown_type"])["user"] == name
    assert by_rule[D2, "unreadable"].startswith("not shown: ")
    assert [row["rule"] for row in rows if row["source"] == "users"] == ["long_text"]


def test_the_delivered_database_has_ids(night: Path) -> None:
    with contextlib.closing(sqlite3.connect(night / "delivered.db")) as opened:
        listed = {user for (user,) in opened.execute("SELECT DISTINCT user_id FROM recommendations")}
    assert listed == {PLANTED, *(f"u{n}" for n in range(6))}, "the blocked one has no list"


def test_a_person_asks_by_id_or_by_pseudonym(night: Path) -> None:
    name = stored_user(load_settings(), PLANTED)
    assert INVOKE(cli.app, ["pseudonym", PLANTED]).output == f"{name}\n"
    for asked in (PLANTED, name):
        rows = json.loads(INVOKE(cli.app, ["recs", asked, "--json"]).output)
        assert {row["user_id"] for row in rows} == {name}
    (row,) = json.loads(INVOKE(cli.app, ["reveal", name, "--json"]).output)
    assert row == {"pseudonym": name, "user_id": PLANTED}
    never = "p_" + "0" * 32
    assert f"1 users have no line in pseudonyms, {never}" in str(INVOKE(cli.app, ["reveal", never]).exception)


def test_an_export_has_every_row_of_a_user(night: Path, tmp_path: Path) -> None:
    file = tmp_path / "zoe.json"
    assert INVOKE(cli.app, ["export-user", PLANTED, "--to", str(file)]).exit_code == 0
    assert file.stat().st_mode & 0o077 == 0
    held: dict[str, Any] = json.loads(file.read_text())
    counted = {name: len(rows) for name, rows in held["tables"].items() if name != "long_term_histories"}
    assert counted | {"recommendations": 0} == {
        "events": 2,
        "quarantine": 3,
        "users": 1,
        "pseudonyms": 1,
        "history_tiles": 2,
        "user_tiles": 2,
        "recent_windows": 2,
        "recommendations": 0,
    }
    assert "cannot write" in str(INVOKE(cli.app, ["export-user", PLANTED, "--to", str(file)]).exception)
    assert "hold nothing on user 'nobody'" in str(INVOKE(cli.app, ["export-user", "nobody"]).exception)


def test_a_line_a_user_of_one_key(night: Path) -> None:
    settings = load_settings()
    lines = Tables(settings.tables).read("pseudonyms")
    names = [stored_user(settings, one) for one in (PLANTED, BLOCKED, *(f"u{n}" for n in range(6)))]
    assert sorted(lines["user_id"].to_pylist()) == sorted(names)
    assert set(lines["key_id"].to_pylist()) == {key_of(settings).id}
