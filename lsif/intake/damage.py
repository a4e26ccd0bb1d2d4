"""A file that Spark cannot read to its end: one line instead of the hundred that its machine has to say."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lsif.errors import LsifError, OutageError

FILE = re.compile(r"\[FAILED_READ_FILE(\.[A-Z_]+)?\] .*? while reading file (\S+)")
OWN = re.compile(r"lsif\.errors\.LsifError: (.*)")
FAILS = r"CAST_INVALID_INPUT|CANNOT_PARSE_\w+|DIVIDE_BY_ZERO|ARITHMETIC_OVERFLOW|INVALID_\w+"
CAST = re.compile(rf"\[({FAILS})[^\]]*\] (.*)")


@contextmanager
def reading(spark: SparkSession, hides: bool = False) -> Iterator[None]:
    """Within it, a damaged or vanished file and an expression that fails on a row are one line.

    Args:
        hides: leave out the value, which may say who a user is.

    Raises:
        LsifError: names the file, or the value.
        OutageError: a file of an object store could not be read: it may be there again in a while.
    """
    spark.sparkContext.setLogLevel("OFF")
    try:
        yield
    except (Py4JJavaError, PySparkException) as error:
        said = str(error)
        if found := FILE.search(said):
            raise _unreadable(unquote(found[2]).rstrip("."), said) from error
        if own := OWN.search(said):
            raise LsifError(own[1]) from error
        if cast := CAST.search(said):
            told = cast[2].split("SQLSTATE")[0].strip()
            told = re.sub("'.*'", "(not shown)", told) if hides else told
            raise LsifError(f"an expression fails on a row: {told}") from error
        raise
    finally:
        spark.sparkContext.setLogLevel("ERROR")


def _unreadable(uri: str, said: str) -> LsifError:
    causes = re.findall(r"Caused by: [\w.$]+: (.*)", said)
    cause = f": {causes[-1]}" if causes else ""
    if not uri.startswith(("file:", "/")):
        return OutageError(f"{uri} could not be read{cause}")
    path = re.sub("^file:/+", "/", uri)
    return LsifError(f"{path} vanished or was changed while it was read, or is damaged{cause}; deliver it again")
