"""The types of everything that runs, beside the other tests: a first look takes a minute of one core."""

import subprocess
import sys

from lsif.config import project_folder


def test_types_hold() -> None:
    command = [sys.executable, "-m", "mypy", "lsif", "jobs", "dags"]
    said = subprocess.run(command, cwd=project_folder(), capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
