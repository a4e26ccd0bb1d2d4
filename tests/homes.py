"""Homes of services: outside of pytest's own folder, which the next session that begins closes to all but its user."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lsif.services.layout import Layout
from lsif.services.secrets import MLFLOW_ACCOUNTS, flask_key, jwt_file, mlflow_login, password, postgres_password


def secrets_of(home: Path) -> set[str]:
    """Everything that a start of the services has generated for the owner of a home alone."""
    layout = Layout(home)
    accounts = {mlflow_login(layout, account)[1] for account in MLFLOW_ACCOUNTS}
    return {password(layout), jwt_file(layout).read_text(), postgres_password(layout), flask_key(layout)} | accounts


@contextmanager
def home_of_services() -> Iterator[Path]:
    """A folder until the block ends. PostgreSQL, which refuses to run as root, reaches it as another user."""
    with tempfile.TemporaryDirectory(prefix="lsif-tests-") as folder:
        yield Path(folder)
