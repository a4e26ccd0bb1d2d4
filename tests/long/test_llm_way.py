"""The way to a language model's answers through Airflow, in an environment of its own: `make test-long`.

What it needs beside requirements.lock makes every task of every night start slower, so `make test` does without.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.long.environments import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
def test_the_way_through_airflow_with_what_it_needs(tmp_path: Path) -> None:
    python = environment(
        tmp_path / "venv", "--requirement", "requirements-llm.lock", "--constraint", "requirements.lock"
    )
    tests = [
        python,
        "-m",
        "pytest",
        "-q",
        "--numprocesses",
        "0",
        "-p",
        "no:cacheprovider",
        "tests/dags/test_batches.py",
    ]
    done = subprocess.run(tests, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "skipped" not in done.stdout, done.stdout[-4000:] + done.stderr[-2000:]
