"""Where the services keep things under LSIF_HOME, and what `up` chose and remembers there."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from lsif.errors import LsifError


@dataclass(frozen=True)
class Layout:
    """Folders of the services under `home`."""

    home: Path

    @property
    def run(self) -> Path:
        """What was started: one record per part, the ports, the lock."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME, with the generated password and signing secret."""
        return self.home / "airflow"

    @property
    def artifacts(self) -> Path:
        return self.home / "mlflow" / "artifacts"

    @property
    def pgdata(self) -> Path:
        return self.home / "pgdata"

    @property
    def password_file(self) -> Path:
        return self.airflow / "passwords.json"

    @property
    def secrets(self) -> Path:
        """Generated passwords of PostgreSQL and MLflow, each in a file for the owner alone."""
        return self.home / "secrets"

    @property
    def pgpass(self) -> Path:
        """PostgreSQL's password, in the form that its clients read (`passfile`)."""
        return self.secrets / "pgpass"

    @property
    def mlflow_configuration(self) -> Path:
        """What MLflow's server reads of its accounts, with the administrator's password."""
        return self.secrets / "mlflow.ini"

    def mlflow_login(self, account: str) -> Path:
        """Name and password of one of MLflow's accounts."""
        return self.secrets / f"mlflow_{account}.json"

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def make(self) -> None:
        """Create the folders; those with secrets for the owner alone."""
        if any(letter.isspace() for letter in str(self.home)):
            raise LsifError(f"LSIF_HOME={str(self.home)!r} holds a space, which PostgreSQL's start-up cannot take")
        for folder in (self.run, self.logs, self.airflow, self.secrets, self.artifacts, self.pgdata):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.airflow, self.secrets):
            folder.chmod(0o700)


@dataclass(frozen=True)
class Endpoints:
    """What `up` chose: two ports on 127.0.0.1, PostgreSQL's socket folder, the DAGs' folder, and the configuration."""

    airflow_port: int
    mlflow_port: int
    sockets: str
    dags: str
    config: str = ""

    @property
    def airflow_url(self) -> str:
        return f"http://127.0.0.1:{self.airflow_port}"

    @property
    def mlflow_url(self) -> str:
        return f"http://127.0.0.1:{self.mlflow_port}"

    def write(self, layout: Layout) -> None:
        (layout.run / "endpoints.json").write_text(json.dumps(asdict(self), indent=1))


def endpoints(layout: Layout) -> Endpoints | None:
    """What the last `up` chose, or None when nothing is up."""
    file = layout.run / "endpoints.json"
    return Endpoints(**json.loads(file.read_text())) if file.exists() else None


def forget_endpoints(layout: Layout) -> None:
    (layout.run / "endpoints.json").unlink(missing_ok=True)


@contextmanager
def only_one(layout: Layout) -> Iterator[None]:
    """Let one `up` or `down` of this home work at a time; a second one waits."""
    with (layout.run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tail(layout: Layout, part: str, lines: int = 15) -> str:
    """The last lines of a part's log, for the message that says it failed."""
    log = layout.log(part)
    if not log.exists():
        return f"(no log at {log})"
    return f"the end of {log}:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
