"""How news reaches people: a POST, mail, and the services of Apprise. Airflow and the standard library only.

Mail goes through `LSIF_SMTP`, or through Airflow's connection `lsif_smtp` where that is set and `LSIF_SMTP` is not.
"""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TIMEOUT_SECONDS = 10
SMTP, CONNECTION = "lsif_smtp", "AIRFLOW_CONN_LSIF_SMTP"
News = dict[str, Any]
"""What is worth knowing, ready for JSON; `text` is all of it for people, `title` its first line."""


def post(news: News, url: str) -> None:
    """POST the news as JSON; an answer that is not a success is an error."""
    request = urllib.request.Request(
        url, json.dumps(news).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
        pass


def mail(news: News, receivers: str) -> None:
    """Mail the news; what it says is never read as a template."""
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    sender = os.environ.get("LSIF_ALERT_FROM", "lsif@localhost")
    body = "<pre>{{ news.text | e }}</pre>"
    with _connected():
        SmtpNotifier(receivers, sender, "{{ news.title }}", body, smtp_conn_id=SMTP)({"news": news})


def apprise(news: News, services: str) -> None:
    """Tell services of Apprise, which logs those that do not answer."""
    from airflow.providers.apprise.notifications.apprise import AppriseNotifier

    told: dict[str, Any] = {
        "title": "{{ news.title }}",
        "body": "{{ news.text }}",
        "notify_type": "warning" if "warnings" in news else "failure",
        "config": services.split(),
    }
    AppriseNotifier(**told)({"news": news})


@contextmanager
def _connected() -> Iterator[None]:
    """Airflow's connection `lsif_smtp`, where nobody has made it, is LSIF_SMTP: host:port, without login or TLS."""
    if not (address := os.environ.get("LSIF_SMTP", "" if CONNECTION in os.environ else "localhost:25")):
        yield
        return
    host, _, port = address.partition(":")
    how = {"disable_ssl": True, "disable_tls": True, "timeout": TIMEOUT_SECONDS, "retry_limit": 0}
    made = {"conn_type": "smtp", "host": host, "port": int(port or 25), "extra": how}
    before = os.environ.get(CONNECTION)
    os.environ[CONNECTION] = json.dumps(made)
    try:
        yield
    finally:
        os.environ.pop(CONNECTION)
        if before is not None:
            os.environ[CONNECTION] = before
