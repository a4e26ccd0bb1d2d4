"""The look before anything is installed: runs under the plain interpreter and names all that is missing at once."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lsif import preflight

SCRIPT = Path(preflight.__file__)


def look(**env: str) -> subprocess.CompletedProcess[str]:
    """Run the script as `make` does: isolated, so that nothing installed can help it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LSIF_", "PYTHON", "JAVA"))}
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT)], env={**clean, **env}, capture_output=True, text=True, check=False
    )


def test_this_machine_will_do(tmp_path: Path) -> None:
    done = look(LSIF_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "this machine will do" in done.stdout


def test_all_that_is_missing_is_listed_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = look(PYTHON="/no/python", JAVA_HOME="/no/java", LSIF_HOME=str(tmp_path / "a b"), LSIF_AIRFLOW_PORT=port)
    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert len(lines) == 4
    assert all(line.startswith("missing: ") for line in lines)
    for hint in ("PYTHON=/path/to/python3.11", "set JAVA_HOME", "set LSIF_HOME", "LSIF_AIRFLOW_PORT"):
        assert hint in done.stderr


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        ('openjdk version "17.0.15" 2025-04-15', True),
        ('openjdk version "21" 2023-09-19', True),
        ('java version "1.8.0_411"', False),
        ('openjdk version "11.0.2" 2019-01-15', False),
        ("", False),
    ],
)
def test_spark_wants_java_17_or_21(answer: str, good: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_output", lambda command: answer)
    assert (preflight.java_problem() is None) == good


def test_a_full_disk_a_small_memory_and_a_missing_tool_are_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda place: type("Usage", (), {"free": 10**9}))
    monkeypatch.setattr(preflight, "memory_gb", lambda: 2.0)
    monkeypatch.setattr(preflight, "_output", lambda command: "")
    assert "1.0 GB free" in str(preflight.disk_problem(tmp_path / "not" / "there"))
    assert "2.0 GB of memory" in str(preflight.memory_problem())
    assert "install util-linux" in str(preflight.tools_problem())


def test_a_port_of_our_own_running_services_is_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("LSIF_AIRFLOW_PORT", str(taken.getsockname()[1]))
        assert preflight.port_problem("LSIF_AIRFLOW_PORT", tmp_path)
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "endpoints.json").write_text("{}")
        assert preflight.port_problem("LSIF_AIRFLOW_PORT", tmp_path) is None
