"""What was written in a whole world: no byte of it is a secret's."""

from collections.abc import Iterator
from pathlib import Path

from tests.homes import secrets_of
from tests.one_night.conftest import PLANTED, World

KEPT = {"airflow/passwords.json", "airflow/jwt_secret"}
"""Files whose contents are the secret, beside those of secrets/."""


def test_no_secret_is_in_a_log_a_table_a_page_or_a_database(world: World) -> None:
    """Logs, XComs and ledger among them: PostgreSQL's files are read as they lie, with its write-ahead log."""
    secrets = {secret.encode() for secret in (*secrets_of(world.home), *PLANTED.values())}
    assert len(secrets) == 10
    searched = list(_written(world.home))
    places = {file.relative_to(world.home).parts[0] for file in searched}
    assert {"logs", "tables", "reports", "pgdata", "mlflow", "run", "airflow"} <= places
    found = [(str(file), content) for file in searched if (content := _of(file, secrets))]
    assert found == []


def _written(home: Path) -> Iterator[Path]:
    for file in sorted(home.rglob("*")):
        place = str(file.relative_to(home))
        if file.is_file() and not file.is_symlink() and place not in KEPT and not place.startswith("secrets/"):
            yield file


def _of(file: Path, secrets: set[bytes]) -> list[bytes]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:  # a server's, that is gone by now
        return []
    return [secret for secret in secrets if secret in content]
