"""Who asks, from a file: `{"user": "password"}`, named by a variable, so that neither `ps` nor a setting shows it."""

import json
import os
from pathlib import Path

from lsif.errors import LsifError

AIRFLOW, MLFLOW = "LSIF_AIRFLOW_LOGIN_FILE", "LSIF_MLFLOW_LOGIN_FILE"


def login(variable: str, file: str | None = None) -> tuple[str, str] | None:
    """User and password in the file that `variable` names, or in `file`; None where there is none.

    Raises:
        LsifError: the file cannot be read, or holds something else.
    """
    file = file or os.environ.get(variable)
    if not file:
        return None
    try:
        ((user, password),) = json.loads(content(variable, file)).items()
    except (ValueError, AttributeError) as error:
        raise LsifError(f'{variable}={file} does not hold {{"user": "password"}}') from error
    return user, password


def sign_in_to_mlflow(file: str | None = None) -> None:
    """Let MLflow's client in this process be who LSIF_MLFLOW_LOGIN_FILE says, or `file` where that is not set."""
    chosen = os.environ.get(MLFLOW) or file
    if known := login(MLFLOW, chosen):
        os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"] = known


def content(variable: str, file: str) -> str:
    """What stands in the file that `variable` names.

    Raises:
        LsifError: it cannot be read.
    """
    try:
        return Path(file).read_text()
    except OSError as error:
        raise LsifError(f"cannot read {variable}={file}: {error.strerror}") from error
