"""The generated password and signing secret of this home, each in a file for its owner alone."""

import json
import os
import secrets
from pathlib import Path

from lsif.errors import LsifError
from lsif.services.layout import Layout

USER = ADMIN = "admin"
MLFLOW_ACCOUNTS = (ADMIN, "jobs", "promoter", "reader")


def make_secrets(layout: Layout) -> None:
    """Generate what is missing; what exists is kept, so that open sessions and bookmarks stay valid."""
    _write_once(layout.password_file, json.dumps({USER: secrets.token_urlsafe(12)}))
    _write_once(jwt_file(layout), secrets.token_urlsafe(48))
    for account in MLFLOW_ACCOUNTS:
        _write_once(layout.mlflow_login(account), json.dumps({account: secrets.token_urlsafe(24)}))
    _write_once(layout.secrets / "mlflow_flask_key", secrets.token_urlsafe(48))
    _write_once(layout.pgpass, f"*:*:*:postgres:{secrets.token_urlsafe(24)}\n")


def jwt_file(layout: Layout) -> Path:
    return layout.airflow / "jwt_secret"


def mlflow_login(layout: Layout, account: str) -> tuple[str, str]:
    """Name and password of an account of MLflow.

    Raises:
        LsifError: the services have never been started in this home.
    """
    return account, _kept(layout, layout.mlflow_login(account), account)


def mlflow_passwords(layout: Layout) -> dict[str, str]:
    """Account → password, of all that this home's MLflow has."""
    return dict(mlflow_login(layout, account) for account in MLFLOW_ACCOUNTS)


def flask_key(layout: Layout) -> str:
    """With which MLflow's server signs the form that makes an account."""
    return (layout.secrets / "mlflow_flask_key").read_text()


def postgres_password(layout: Layout) -> str:
    return layout.pgpass.read_text().strip().rpartition(":")[2]


def password(layout: Layout) -> str:
    """Password of Airflow's user `admin`.

    Raises:
        LsifError: the services have never been started in this home.
    """
    return _kept(layout, layout.password_file, USER)


def _kept(layout: Layout, file: Path, user: str) -> str:
    if not file.exists():
        raise LsifError(f"no services have been started in {layout.home}: run `lsif up`")
    return str(json.loads(file.read_text())[user])


def _write_once(file: Path, text: str) -> None:
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)
