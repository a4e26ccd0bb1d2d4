"""A service that is away is no bad input: an error and an exit code of its own, told from what was answered."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer

from lsif.airflow_api import Airflow
from lsif.errors import LsifError, MissingDays, OutageError, Superseded
from lsif.intake.files import delivered_files
from lsif.outages import ended_with, is_outage
from lsif.registry import Registry
from lsif.sources import Users
from lsif.tables import Tables
from tests.away import away, losing_an_answer
from tests.tables.tiles import put, tiles

DS = "2017-01-01"
KEYS = {"AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests"}
JOB = """
import os
from lsif.job import Counts, run_job

def work(job):
    failures = {"refused": ConnectionRefusedError(111, "Connection refused"), "fault": ValueError("boom")}
    failures["memory"] = RuntimeError("org.apache.spark.memory.SparkOutOfMemoryError: No enough memory for aggregation")
    raise failures[os.environ["FAIL"]]

run_job("toy", "A toy step.", lambda job: {}, work)
"""


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {**KEYS, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


# --- object store -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["refused", "500", "503"])
def test_a_store_that_is_away_is_an_outage_for_tables_and_for_deliveries(how: str, keys: pytest.MonkeyPatch) -> None:
    given = Users.model_validate({"path": "", "format": "csv", "columns": {"user_id": "id"}})
    with away(how) as address:
        keys.setenv("AWS_ENDPOINT_URL", address)
        with pytest.raises(OutageError, match=r"^cannot open the table s3://lsif/tables/events: [^\n]+$"):
            Tables("s3://lsif/tables").days("events")
        with pytest.raises(OutageError, match=r"^cannot reach s3://lsif/landing/1\.csv: [^\n]+$"):
            delivered_files(given, "s3://lsif/landing/1.csv")


@pytest.fixture
def store(keys: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """Stops when a test says so."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    keys.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*server.get_host_and_port()))
    boto3.client("s3").create_bucket(Bucket="lsif")
    yield server
    server.stop()


def test_a_store_that_goes_while_a_step_writes_is_an_outage(store: ThreadedMotoServer) -> None:
    tables = Tables("s3://lsif/tables")
    daily, vectors = tables.writer("item_tiles"), tables.writer("item_vectors")
    daily.write(DS, tables.schema("item_tiles").empty_table())
    row = {"text_sha256": "x", "encoder": "e", "vector": [1.0]}
    vectors.write(None, pa.Table.from_pylist([row], schema=tables.schema("item_vectors")))
    pinned = tables.pinned()
    assert pinned.days("item_tiles") == []
    store.stop()
    for step in (
        daily.commit,  # delta-rs reads and raises OSError
        vectors.append,  # delta-rs writes and raises its own
        lambda: daily.write(DS, tables.schema("item_tiles").empty_table()),  # Arrow writes
        lambda: tables.staged("item_tiles", DS),  # Arrow reads
    ):
        with pytest.raises(OutageError, match=r"^the storage does not answer \(AWS_ENDPOINT_URL: http://127[^\n]+$"):
            step()


def test_a_commit_whose_answer_is_lost_is_ours_and_nobody_else_s(
    store: ThreadedMotoServer, keys: pytest.MonkeyPatch
) -> None:
    """Asked again, the store says that the file of the log is there: it is, and we have put it there."""
    tables = Tables("s3://lsif/tables")
    put(tables, DS, "a")
    writer = tables.writer("item_tiles")
    writer.write(DS, tiles(tables, "b"))
    with losing_an_answer(os.environ["AWS_ENDPOINT_URL"], "_delta_log") as address, keys.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        assert writer.commit() == 1
    assert tables.read("item_tiles")["item_id"].to_pylist() == ["b"]


# --- MLflow and PostgreSQL --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "said"),
    [("refused", "no answer"), ("silent", "no answer"), ("500", "it answers with 500"), ("503", "it answers with 503")],
)
def test_an_mlflow_that_is_away_is_an_outage(how: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with away(how) as address, pytest.raises(OutageError, match=rf"^MLflow at {address}: {said}[^\n]+$"):
        Registry(address).aliases()


def test_an_mlflow_that_refuses_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with away("403") as address, pytest.raises(LsifError, match=r"the account [a-z]+ may not do that") as caught:
        Registry(address).aliases()
    assert type(caught.value) is LsifError


def test_a_database_that_is_away_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlflow.store.db.utils.MAX_RETRY_COUNT", 2)  # it tries for a hundred seconds
    with away("refused") as address:
        place = address.removeprefix("http://")
        with pytest.raises(
            OutageError, match=r"MLflow at postgresql\+psycopg2://lsif:…@127[^\n]+: no answer"
        ) as caught:
            Registry(f"postgresql+psycopg2://lsif:secret@{place}/mlflow").versions()
    assert "secret" not in str(caught.value)


def test_an_airflow_that_is_away_is_an_outage() -> None:
    for how, said in (("refused", "does not answer"), ("503", "refused POST /auth/token: 503")):
        with away(how) as address, pytest.raises(OutageError, match=said):
            Airflow(address, "admin", "x")
    with away("401") as address, pytest.raises(LsifError, match="password") as caught:
        Airflow(address, "admin", "x")
    assert type(caught.value) is LsifError


@pytest.mark.long  # a minute, which is Spark's own
def test_a_spark_master_that_is_away_is_an_outage(home: Path) -> None:
    program = "from lsif.job import run_command; from lsif.spark import session; run_command(lambda: session('toy'))"
    with away("refused") as address:
        master = address.replace("http", "spark")
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "LSIF_SPARK_MASTER": master, "SPARK_LOCAL_IP": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 75
    assert done.stderr.splitlines()[-1] == f"-c: no answer from Spark's master at {master} (LSIF_SPARK_MASTER)"


# --- what a command ends with -----------------------------------------------------------------------------------------


def run(home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    (home / "toy.py").write_text(JOB)
    return subprocess.run(
        [sys.executable, str(home / "toy.py"), "--ds", DS],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_job_ends_with_75_and_one_line_whoever_is_away(home: Path, tables: Tables) -> None:
    done = run(home, FAIL="refused")
    assert done.returncode == OutageError.exit_code == 75
    assert done.stderr == "toy.py: no answer from a service: [Errno 111] Connection refused\n"
    assert tables.read("runs")["status"].to_pylist() == ["failed"]
    memory = run(home, FAIL="memory")
    assert memory.returncode == 2 and memory.stderr.count("\n") == 1 and "spark.driver.memory=" in memory.stderr
    fault = run(home, FAIL="fault")
    assert fault.returncode == 1 and "Traceback" in fault.stderr
    with away("refused") as address:
        done = run(home, FAIL="fault", LSIF_TABLES="s3://lsif/tables", AWS_ENDPOINT_URL=address, **KEYS)
    assert done.returncode == 75
    assert done.stderr.startswith("toy.py: cannot open the table s3://lsif/tables/pseudonyms: ")
    assert done.stderr.count("\n") == 1


def test_what_a_step_ended_with_is_told_although_the_ledger_is_away(
    home: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger goes in the middle of a step that finds its input bad."""
    from lsif import job

    def gone(*_: object) -> None:
        raise OutageError("the ledger is away")

    def work(_: job.Job) -> job.Counts:
        monkeypatch.setattr(job, "_record", gone)
        raise MissingDays("events", [DS])

    monkeypatch.setattr(sys, "argv", [str(home / "toy.py"), "--ds", DS])
    (home / "toy.py").write_text("")
    with pytest.raises(SystemExit) as ended:
        job.run_job("toy", "A toy step.", lambda _: {}, work)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (TimeoutError("timed out"), True),
        (OutageError("away"), True),
        (RuntimeError("IllegalStateException: Cannot call methods on a stopped SparkContext."), True),
        (OSError("When reading: AWS Error ACCESS_DENIED (HTTP status 403) during HeadObject operation"), False),
        (OSError("When reading: AWS Error UNKNOWN (HTTP status 503) during HeadObject operation"), True),
        (RuntimeError("FATAL: the database system is starting up"), True),
        (RuntimeError('FATAL: password authentication failed for user "lsif"'), False),
        (FileNotFoundError(2, "No such file or directory"), False),
        (OSError(28, "No space left on device"), False),
        (Superseded("another writer committed first"), False),
    ],
)
def test_words_are_told_apart(error: Exception, outage: bool) -> None:
    assert is_outage(error) == outage


def test_an_outage_is_seen_through_what_was_raised_from_it_and_not_through_what_hides_it() -> None:
    deep = ValueError("cannot")
    deep.__cause__ = RuntimeError("in between")
    deep.__cause__.__context__ = ConnectionResetError(104, "Connection reset by peer")
    assert is_outage(deep)
    deep.__cause__.__suppress_context__ = True
    assert not is_outage(deep)
    assert ended_with(deep) is None
    bad = LsifError("bad")
    assert ended_with(bad) is bad
