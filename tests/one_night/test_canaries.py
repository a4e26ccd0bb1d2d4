"""Secrets of a whole world, planted before its first start: nobody sees one who has no business to."""

import gzip
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pyarrow.compute as pc
import pytest

from lsif import services
from lsif.services.layout import Layout, endpoints
from lsif.services.parts import PARTS
from lsif.services.processes import family, read_record
from tests import canaries
from tests.one_night.conftest import NIGHT, World
from tests.watch import Watch, address

pytestmark = pytest.mark.timeout(1200)


def test_no_file_of_a_home_holds_a_secret_but_those_that_are_for_it(world: World) -> None:
    """Logs, tables, staged lists, reports, MLflow's files and PostgreSQL's, its write-ahead log among them."""
    sought = canaries.needles(world.home)
    assert canaries.files_with(world.home, sought) == {}


def test_a_secret_that_slips_out_is_found_however_it_lies(tmp_path: Path, world: World) -> None:
    sought = canaries.needles(world.home)
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"the password lsifcanary-1 is wrong"))
    (tmp_path / "log").write_text("Authorization: Basic cm9ib3Q6bHNpZmNhbmFyeW1haWw=")  # robot:lsifcanarymail
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/pgpass").write_text(canaries.MARK)
    assert canaries.files_with(tmp_path, sought).keys() == {"log", "log.gz"}


def test_no_row_of_airflow_s_or_mlflow_s_databases_holds_a_secret(world: World) -> None:
    """XComs, rendered templates, the log of what people did; a connection's password is encrypted."""
    chosen = endpoints(Layout(world.home))
    assert chosen is not None
    asked = [*canaries.needles(world.home), canaries.MARK.encode()]
    assert canaries.rows_with(world.home, chosen.sockets, asked) == []
    assert canaries.rows_with(world.home, chosen.sockets, [b"lsif_nightly"]), "the search finds what there is"


def test_nobody_saw_a_secret_in_a_process_or_reached_one_from_another_machine(world: World) -> None:
    """From the first start to the end of the night: services, jobs, Spark's JVMs, the training."""
    assert len(world.seen.processes) > 30
    assert world.seen.told == set()
    assert world.seen.open == set()


def test_sockets_of_the_services_are_for_this_machine_and_files_of_them_for_their_owner(world: World) -> None:
    held = [
        process for name in PARTS if (record := read_record(Layout(world.home), name)) for process in family(record)
    ]
    inet = [one for one in _connections(held, "inet") if one.status == psutil.CONN_LISTEN]
    assert len(inet) >= 2 and {one.laddr.ip for one in inet} == {"127.0.0.1"}
    unix = {one.laddr for one in _connections(held, "unix") if one.laddr.startswith("/")}
    assert any(".s.PGSQL." in path for path in unix)
    assert [path for path in unix if _may_others(Path(path), stat.S_IWOTH)] == []


def test_secrets_are_files_for_their_owner_in_folders_for_their_owner(world: World) -> None:
    held = [world.home / holder for holder in canaries.HOLDERS]
    held = [file for place in held for file in (place.iterdir() if place.is_dir() else [place])]
    assert len(held) >= 4
    assert [str(file) for file in held if _may_others(file, stat.S_IROTH)] == []
    assert {file.parent.stat().st_mode & 0o777 for file in held} == {0o700}


def test_what_was_planted_was_used(world: World) -> None:
    """Else the searches above would be for secrets that no process had met."""
    runs = world.tables.read("runs", filter=(pc.field("step") == "deliver to web") & (pc.field("ds") == NIGHT))
    (run,) = runs.to_pylist()
    assert run["rows_out"] > 0
    assert world.airflow._ask("GET", "/api/v2/connections/lsif_llm")["password"] == "***"
    assert services.environment(world.home)["LSIF_ALERT_WEBHOOK"] == canaries.ENVIRONMENT["LSIF_ALERT_WEBHOOK"]


def test_the_watch_sees_a_command_line_and_knows_an_address(tmp_path: Path) -> None:
    patience = "import time; time.sleep(600)"
    told = {**os.environ, "LSIF_HOME": str(tmp_path)}
    with Watch(tmp_path, b"lsifcanary-2") as seen:
        shown = subprocess.Popen([sys.executable, "-c", patience, "lsifcanary-2"], env=told)
        deadline = time.monotonic() + 60
        while not seen.told and time.monotonic() < deadline:
            time.sleep(0.05)
        shown.kill()
        shown.wait()
    assert [line.split()[-1] for line in seen.told] == ["lsifcanary-2"]
    assert shown.pid in seen.processes
    mapped = "0000000000000000FFFF0000"
    addresses = ["0100007F", f"{mapped}0100007F", "00000000000000000000000001000000", "00000000", "0" * 32, "0200000A"]
    assert [address(one).is_loopback for one in addresses] == [True] * 3 + [False] * 3


def _connections(processes: list[psutil.Process], kind: str) -> Iterator[Any]:
    """Of those that still run: a service's helpers come and go."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            yield from process.net_connections(kind)


def _may_others(path: Path, what: int) -> bool:
    """Whether every user of the machine comes to a file and may do that with it."""
    return bool(path.stat().st_mode & what) and all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
