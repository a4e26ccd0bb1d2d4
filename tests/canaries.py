"""Secrets that say so, planted where a person keeps them, and the search for them where they have no business."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from lsif.services.layout import Layout
from lsif.services.postgres import DATABASES
from tests.homes import secrets_of
from tests.privacy.bytes_of import contents

MARK = "lsifcanary"
"""Every planted secret begins with it, so that one look finds any."""
HOLDERS = ("secrets", "airflow/passwords.json", "airflow/jwt_secret", "airflow/airflow.cfg")
"""Where secrets of a home belong: files for their owner alone."""
ENVIRONMENT = {
    "AWS_SECRET_ACCESS_KEY": f"{MARK}store",
    "AWS_SESSION_TOKEN": f"{MARK}session",
    "LISTS_PASSWORD": f"{MARK}lists",
    "AIRFLOW_CONN_LSIF_SMTP": f"smtp://robot:{MARK}mail@127.0.0.1:9",
    "LSIF_ALERT_WEBHOOK": f"http://127.0.0.1:9/{MARK}hook",
}
"""Of an object store, of a database that lists go to, of mail, and of an address that is a secret itself."""
MODEL_KEY = f"{MARK}model"
"""Of a large language model: the password of an Airflow connection."""


def plant(home: Path, patch: pytest.MonkeyPatch) -> None:
    """Before a home's first start: what it would draw, and what a person sets."""
    layout = Layout(home)
    layout.make()
    files = {
        layout.pgpass: f"*:*:*:postgres:{MARK}postgres\n",
        layout.password_file: json.dumps({"admin": f"{MARK}airflow"}),
        layout.airflow / "jwt_secret": f"{MARK}jwt" + "0" * 53,
    }
    for file, text in files.items():
        file.touch(mode=0o600)
        file.write_text(text)
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)


def needles(home: Path) -> list[bytes]:
    """The mark, as it stands, in hexadecimal digits and in base64; and what this home has drawn beside."""
    cores = [base64.b64encode(b"x" * shift + MARK.encode())[4 * bool(shift) : -4] for shift in range(3)]
    settings = (home / "airflow/airflow.cfg").read_text()
    drawn = re.findall(r"^(?:fernet_key|secret_key|jwt_secret) = (\S{16,})$", settings, re.M)
    assert len(drawn) >= 2, "Airflow draws two keys of its own"
    others = [one for one in secrets_of(home) if MARK not in one]
    return [MARK.encode(), MARK.encode().hex().encode(), *cores, *(one.encode() for one in [*drawn, *others])]


def files_with(home: Path, sought: list[bytes]) -> dict[str, list[bytes]]:
    """Files of a home that hold a secret where none belongs."""
    found = {}
    for file in _files(home):
        try:
            held = {one for content in contents(file) for one in sought if one in content}
        except FileNotFoundError:  # a server's, gone by now
            continue
        if held:
            found[str(file.relative_to(home))] = sorted(held)
    return found


def rows_with(home: Path, sockets: str, sought: list[bytes]) -> list[str]:
    """Tables of the home's databases, as `database.table`, of which a row holds a secret, compressed or not."""
    found = []
    for database in DATABASES:
        connection = psycopg2.connect(host=sockets, user="postgres", dbname=database, passfile=str(Layout(home).pgpass))
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            names = [name for (name,) in cursor.fetchall()]
            assert names, database
            for name in names:
                query = sql.SQL("SELECT count(*) FROM {} AS rows WHERE rows::text ~ %s").format(sql.Identifier(name))
                cursor.execute(query, ["|".join(re.escape(one.decode()) for one in sought)])
                (rows,) = cursor.fetchone() or (0,)
                found += [f"{database}.{name}"] * bool(rows)
        connection.close()
    return found


def _files(home: Path) -> Iterator[Path]:
    holders = [home / holder for holder in HOLDERS]
    for file in sorted(home.rglob("*")):
        if file.is_file() and not file.is_symlink() and not any(map(file.is_relative_to, holders)):
            yield file
