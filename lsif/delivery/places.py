"""Opening a destination, and saying in a line why it was not reached: never with what the environment keeps."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from lsif.config import home_folder
from lsif.delivery.standing import Place
from lsif.destinations import VARIABLE, Destination
from lsif.errors import LsifError, OutageError
from lsif.outages import is_outage

if TYPE_CHECKING:
    import sqlalchemy as sa

SECONDS = 30.0
"""To wait for an answer, or for who writes a file of SQLite."""
BUSY = ("database is locked", "lock timeout", "deadlock detected")


@contextmanager
def opened(name: str, destination: Destination) -> Iterator[Place]:
    """The place that `[deliver.NAME]` is of.

    Raises:
        OutageError: it does not answer, or readers hold what is to be changed.
        LsifError: it refuses, or the settings do not lead anywhere.
    """
    url, secrets = filled(name, destination.url)
    try:
        yield _sql(url, destination) if destination.to == "sql" else _redis(url, destination)
    except LsifError:
        raise
    except Exception as error:
        if not _of_a_database(error):
            raise
        kind = OutageError if _is_away(error) else LsifError
        raise kind(f"{name} ({destination.place}): {_in_a_line(error, secrets)}") from error


def filled(name: str, url: str) -> tuple[str, list[str]]:
    """A url with what the environment keeps, as text that is safe where a user and a password stand; and those texts.

    Raises:
        LsifError: a variable is not set.
    """
    kept: list[str] = []

    def value(found: re.Match[str]) -> str:
        if not (text := os.environ.get(found[1])):
            raise LsifError(f"{name} wants {found[1]} in the environment, which is not set: its url is {url}")
        kept.append(text)
        return quote(text, safe="") if found.end() <= url.rfind("@") else text

    whole = VARIABLE.sub(value, url)
    return whole, [*kept, *filter(None, [urlsplit(whole).password])]


def _sql(url: str, destination: Destination) -> Place:
    import sqlalchemy as sa

    from lsif.delivery.sql import SqlPlace

    options = {"postgresql": {"connect_timeout": int(SECONDS)}, "sqlite": {"timeout": SECONDS}}
    parsed = _parsed(url)
    dialect = parsed.get_backend_name()
    if dialect not in options:
        raise LsifError(f'to = "sql" knows postgresql and sqlite, not {dialect}')
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg2")
    if dialect == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise LsifError("a url of [deliver] names no file: nobody else could read what is in memory")
        parsed = parsed.set(database=str(home_folder() / str(parsed.database)))
    engine = sa.create_engine(parsed, poolclass=sa.pool.NullPool, connect_args=options[dialect])
    return SqlPlace(engine, destination.table, destination.shape)


def _parsed(url: str) -> "sa.URL":
    import sqlalchemy as sa

    try:
        return sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:  # its text may hold a part of the url
        raise LsifError("a url of [deliver] is none that a database is reached by") from error


def _redis(url: str, destination: Destination) -> Place:
    import valkey

    from lsif.delivery.redis import RedisPlace

    try:
        client = valkey.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
    except ValueError as error:  # its text may hold a part of the url
        raise LsifError("a url of [deliver] begins with redis://, rediss:// or unix://, as its client knows") from error
    return RedisPlace(client, destination.prefix, destination.ttl_hours, destination.shape.owner)


def _of_a_database(error: Exception) -> bool:
    import sqlalchemy as sa
    import valkey

    return isinstance(error, sa.exc.SQLAlchemyError | valkey.ValkeyError)


def _is_away(error: Exception) -> bool:
    import valkey

    if isinstance(error, valkey.AuthenticationError):
        return False
    cut = getattr(error, "connection_invalidated", False) or isinstance(
        error, valkey.ConnectionError | valkey.TimeoutError
    )
    return cut or is_outage(error) or any(words in str(error) for words in BUSY)


def _in_a_line(error: Exception, secrets: list[str]) -> str:
    """What the driver said, without the statement and its rows: PostgreSQL names a row in what it adds."""
    said = re.split(r"\n(DETAIL|CONTEXT):", str(getattr(error, "orig", None) or error))[0]
    text = " ".join(said.split())[:400]
    for secret in (one for kept in secrets for one in (kept, quote(kept, safe=""), unquote(kept))):
        text = text.replace(secret, "…")
    return text
