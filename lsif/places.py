"""Whose Airflow and MLflow a command speaks to: those that the environment names, else the ones of this machine.

LSIF_AIRFLOW_URL           base address of an api-server, here or elsewhere
LSIF_AIRFLOW_TOKEN_FILE    file with a token of its; or
LSIF_AIRFLOW_LOGIN_FILE    file with {"user": "password"}, as docker/make-secrets.sh makes one
MLFLOW_TRACKING_URI        MLflow's address
LSIF_MLFLOW_LOGIN_FILE     file with {"user": "password"} for it, where it asks who is there
"""

import os

from lsif.airflow_api import Airflow
from lsif.config import home_folder
from lsif.errors import LsifError
from lsif.login_file import AIRFLOW, content, login, sign_in_to_mlflow

SIGN_IN = 'LSIF_AIRFLOW_TOKEN_FILE (a token) or LSIF_AIRFLOW_LOGIN_FILE ({"user": "password"})'


def airflow_url() -> str | None:
    """Address of an Airflow that `lsif up` has not started, None where there is none."""
    return os.environ.get("LSIF_AIRFLOW_URL") or None


def airflow() -> Airflow:
    """A client that is signed in.

    Raises:
        OutageError: nobody answers at the address.
        LsifError: no address is named and nothing is up here, or the files do not say who asks.
    """
    if url := airflow_url():
        return Airflow(url, **_sign_in())
    from lsif import services

    return services.airflow_client(home_folder())


def tracking_uri() -> str:
    """MLflow's address.

    Raises:
        LsifError: none is named and nothing is up here.
    """
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return uri
    if airflow_url():
        raise LsifError("LSIF_AIRFLOW_URL names an Airflow of its own: name its MLflow with MLFLOW_TRACKING_URI")
    from lsif import services

    here = services.environment(home_folder())["MLFLOW_TRACKING_URI"]
    sign_in_to_mlflow(str(services.mlflow_login_file(home_folder(), "reader")))  # commands look, jobs write
    return here


def _sign_in() -> dict[str, str]:
    if file := os.environ.get("LSIF_AIRFLOW_TOKEN_FILE"):
        return {"token": content("LSIF_AIRFLOW_TOKEN_FILE", file).strip()}
    if known := login(AIRFLOW):
        return {"user": known[0], "password": known[1]}
    raise LsifError(f"LSIF_AIRFLOW_URL is set, but not who asks there: set {SIGN_IN}")
