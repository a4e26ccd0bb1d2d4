"""The generated password and signing secret of this home, each in a file for its owner alone."""

import json
import os
import secrets
from pathlib import Path

from lsif.errors import LsifError
from lsif.services.layout import Layout

USER = "admin"


def make_secrets(layout: Layout) -> None:
    """Generate what is missing; what exists is kept, so that open sessions and bookmarks stay valid."""
    _write_once(layout.password_file, json.dumps({USER: secrets.token_urlsafe(12)}))
    _write_once(jwt_file(layout), secrets.token_urlsafe(48))
    _write_once(layout.pgpass, f"*:*:*:postgres:{secrets.token_urlsafe(24)}\n")


def jwt_file(layout: Layout) -> Path:
    return layout.airflow / "jwt_secret"


def postgres_password(layout: Layout) -> str:
    return layout.pgpass.read_text().strip().rpartition(":")[2]


def password(layout: Layout) -> str:
    """Password of Airflow's user `admin`.

    Raises:
        LsifError: the services have never been started in this home.
    """
    if not layout.password_file.exists():
        raise LsifError(f"no services have been started in {layout.home}: run `lsif up`")
    return str(json.loads(layout.password_file.read_text())[USER])


def _write_once(file: Path, text: str) -> None:
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)
