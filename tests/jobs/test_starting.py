"""What a job loads before it knows whether there is anything to do, and how its threads wait."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts import JOBS

HEAVY = {"torch", "sklearn", "scipy", "mlflow", "pyspark", "matplotlib", "duckdb", "polars", "sqlalchemy", "rich"}
SPARK = {
    "events_to_interests",
    "import_past",
    "ingest_events",
    "ingest_items",
    "ingest_users",
    "long_term_history",
    "recent_window",
    "training_cutoffs",
}
MODEL = {"score_users", "train"}
SEEN = """
import runpy, sys
from pathlib import Path
from lsif.code import code_hash
script, sys.argv = sys.argv[1], [sys.argv[1], "--help"]
try:
    runpy.run_path(script, run_name="__main__")
finally:
    code_hash(Path(script))
    print("loaded:", *sys.modules, file=sys.stderr)
"""


def started(job: Path, **environment: str) -> str:
    """What a job that is only asked for its help, and what it is made of, says on standard error."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    words = [sys.executable, "-c", SEEN, str(job)]
    root = str(JOBS.parent)
    found = subprocess.run(
        words, env={**bare, "PYTHONPATH": root, **environment}, capture_output=True, text=True, check=True
    )
    return found.stderr


@pytest.mark.parametrize("job", sorted(JOBS.glob("*.py")), ids=lambda job: job.stem)
def test_a_job_loads_what_its_kind_needs(job: Path) -> None:
    loaded = set(started(job).rpartition("loaded: ")[2].split()) & HEAVY
    if job.stem in MODEL:
        assert "torch" in loaded and not loaded & {"pyspark", "mlflow"}
    else:
        assert loaded <= ({"pyspark", "scipy"} if job.stem in SPARK else {"scipy"})
        assert ("pyspark" in loaded) == (job.stem in SPARK)


@pytest.mark.parametrize("job", sorted(MODEL))
def test_threads_that_wait_do_not_spin(job: str) -> None:
    """OpenMP itself says what it was told, when it is loaded."""
    said = started(JOBS / f"{job}.py", OMP_DISPLAY_ENV="VERBOSE")
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in said
    assert "GOMP_SPINCOUNT = '0'" in said


def test_whoever_wants_them_to_spin_says_so() -> None:
    said = started(JOBS / "train.py", OMP_DISPLAY_ENV="VERBOSE", OMP_WAIT_POLICY="ACTIVE", GOMP_SPINCOUNT="7")
    assert "OMP_WAIT_POLICY = 'ACTIVE'" in said and "GOMP_SPINCOUNT = '7'" in said
