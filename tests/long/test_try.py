"""docker/try.sh, where a Docker engine answers: `make test-long`."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NO_ENGINE = 3
"""What the script ends with where no Docker engine answers."""


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_the_stack_starts_survives_the_death_of_each_part_and_leaves_nothing() -> None:
    done = subprocess.run(["docker/try.sh"], cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout)
    if done.returncode == NO_ENGINE:
        pytest.skip(f"docker/try.sh: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    ends = dict(re.findall(r"\| 2017-03-\d\d \| (\S+) \| (\w+) \|", done.stdout))
    assert set(ends.values()) == {"well"} and len(ends) == 7
    seconds = re.search(r"healthy after (\d+) s", done.stdout)
    assert seconds and int(seconds[1]) <= 90


def test_what_one_machine_runs_beside_it_are_the_steps_of_a_night() -> None:
    night = re.findall(r'daily\("(\w+)"', (ROOT / "dags/lsif_nightly.py").read_text())
    alone = re.findall(r"^alone jobs/(\w+)\.py", (ROOT / "docker/try.sh").read_text(), re.MULTILINE)
    without = {
        "ingest_users",
        "join_feedback",
        "deliver",
        "item_lists",
    }  # no users here, no list of the day before, no other database, no lists beside items
    assert set(night) - set(alone) == without


def test_who_reads_from_a_pipe_reads_to_its_end() -> None:
    """Under pipefail the writer of a pipe that was closed early fails the script, now and then."""
    assert re.findall(r"\| *(?:head|grep -q).*", (ROOT / "docker/try.sh").read_text()) == []


def test_without_an_engine_the_script_says_so(tmp_path: Path) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/absent.sock"}
    done = subprocess.run(
        [str(ROOT / "docker/try.sh")], env={**os.environ, **nowhere}, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (NO_ENGINE, b"no Docker engine answers: nothing was tried\n")
