"""The project's DAG files as Airflow reads them, with an AIRFLOW_HOME of their own."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DAGS = ROOT / "dags"

# Airflow reads its configuration when it is first imported, which test modules below do.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="lsif-test-airflow-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"
sys.path.insert(0, str(DAGS))


@pytest.fixture(scope="session")
def dagbag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(DAGS)
