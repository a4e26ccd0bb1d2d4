"""Reaching MLflow, and saying in a line why it was not reached."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from lsif.errors import LsifError, OutageError
from lsif.login_file import MLFLOW, sign_in_to_mlflow
from lsif.outages import is_outage

DEFAULTS = {
    # MLflow would try for minutes; a task has retries of its own.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # MLflow looks for a git executable to tag runs with a commit; we tag them with a hash of the code that ran.
    "GIT_PYTHON_REFRESH": "quiet",
}


def apply_defaults() -> None:
    """Set what is not set yet, and who asks; MLflow reads its environment at every call.

    Raises:
        LsifError: the file that says who asks does not.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    sign_in_to_mlflow()


def tracking_uri() -> str:
    """Where MLflow is, from MLFLOW_TRACKING_URI.

    Raises:
        LsifError: it is not set. MLflow's own default, a file in the current folder, would split the registry.
    """
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return uri
    raise LsifError("MLFLOW_TRACKING_URI is not set: start the services with `lsif up`, then `eval $(lsif env)`")


@contextmanager
def reaching(uri: str) -> Iterator[None]:
    """Turn what MLflow raises inside into one line.

    Raises:
        OutageError: MLflow did not answer, or only with 5xx, as it does while its database is away.
        LsifError: it refused.
    """
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, RequestException, SQLAlchemyError) as error:
        kind = OutageError if is_outage(error) else LsifError
        raise kind(f"MLflow at {_without_password(uri)}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    if answered := re.search(r"too many (\d+) error responses", text):
        return f"it answers with {answered[1]}, as while its database or its store of files is away; its log says why"
    if "Max retries exceeded" in text or "Connection refused" in text:
        return "no answer; is it running? (MLFLOW_TRACKING_URI says where to look)"
    if refused := re.search(r"error code (401|403)|(401|403) Client Error", text):
        who = os.environ.get("MLFLOW_TRACKING_USERNAME", "nobody")
        if "401" in refused[0]:
            return f"it does not know {who} by this password; {MLFLOW} names the file that says who asks"
        return f"the account {who} may not do that; {MLFLOW} names the file that says who asks"
    return text.splitlines()[0][:300]


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":…@")).geturl()
