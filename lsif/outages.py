"""Telling a service that is away from one that has answered: libraries say it by type, by cause, or in words alone."""

import re
import socket
from collections.abc import Iterator

from lsif.errors import LsifError, OutageError

NO_MEMORY = re.compile("SparkOutOfMemoryError|java.lang.OutOfMemoryError")
NO_ROOM = re.compile("No space left on device|(database or )?disk is full|Disk quota exceeded", re.IGNORECASE)
NO_RIGHT = re.compile("Read-only file system|Permission denied|Operation not permitted", re.IGNORECASE)
AWAY = (OutageError, ConnectionError, TimeoutError, socket.gaierror)

SAYINGS = re.compile(
    r"""
    connection\ (refused|reset|aborted|timed\ out|closed) | (operation|read)\ timed\ out | timeout\ expired
    | HTTP\ status\ (429|5\d\d) | error\ code\ 5\d\d | too\ many\ (429|5\d\d)\ error | \b5\d\d\ Server\ Error
    | 500\ Internal\ Server | 502\ Bad\ Gateway | 503\ (Service|Slow) | 504\ Gateway | 429\ Too\ Many
    | NETWORK_CONNECTION | REQUEST_TIMEOUT                                       # Arrow
    | error\ sending\ request | dns\ error                                       # delta-rs
    | server\ closed\ the\ connection | could\ not\ translate\ host\ name        # PostgreSQL
    | database\ system\ is\ (starting|shutting|in\ recovery) | terminating\ connection | too\ many\ clients
    | stopped\ SparkContext | SparkContext\ was\ shut\ down                      # Spark, whose cluster gave up on us
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_outage(error: BaseException) -> bool:
    """Whether `error`, or what it came from, says that somebody did not answer; see `OutageError`."""
    return any(isinstance(one, AWAY) or SAYINGS.search(str(one)) for one in _causes(error))


def explained(what: str, error: Exception) -> LsifError:
    """`what` and what `error` says in one line, as an outage where it is one; to be raised from `error`."""
    kind = OutageError if is_outage(error) else LsifError
    return kind(f"{what}: {_in_a_line(error)}")


def ended_with(error: Exception) -> LsifError | None:
    """What a command ends with for `error`: itself, what nobody has put into words, None for a program's fault."""
    if isinstance(error, LsifError):
        return error
    if any(NO_MEMORY.search(str(one)) for one in _causes(error)):
        return LsifError(
            'Spark has no memory left for this: give it more, as in LSIF_SPARK_CONF="spark.driver.memory=6g" on one '
            "machine (default 2g) or spark.executor.memory on a cluster"
        )
    if any(NO_ROOM.search(str(one)) for one in _causes(error)):
        return LsifError(f"the disk is full: make room and run this again, what was there stands: {_in_a_line(error)}")
    if any(NO_RIGHT.search(str(one)) for one in _causes(error)):
        return LsifError(
            f"a file or folder may not be read or written: give the right, then again: {_in_a_line(error)}"
        )
    return OutageError(f"no answer from a service: {_in_a_line(error)}") if is_outage(error) else None


def without_login(text: str) -> str:
    """`text` with what stands before the host taken out of its addresses: user, password, key."""
    return re.sub(r"(?<=://)[^/\s?#]*@", "", text)


def _in_a_line(error: Exception) -> str:
    """Without the colours and arrows of delta-rs."""
    return " ".join(re.sub(r"\x1b\[\d+m|↳", "", str(error) or type(error).__name__).split())[:600]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
