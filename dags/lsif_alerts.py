"""Who hears of a failed task, and of what a job warned of: channels that are set by a variable each.

| variable             | what it holds                                              | told by           |
|----------------------|------------------------------------------------------------|-------------------|
| `LSIF_ALERT_MAIL`    | addresses, with commas                                     | `SmtpNotifier`    |
| `LSIF_ALERT_APPRISE` | addresses of services (`slack://`, `tgram://`), with blanks | `AppriseNotifier` |
| `LSIF_ALERT_WEBHOOK` | a URL that gets JSON, with a `text` as Slack's receive it  | a POST            |

Mail goes through `LSIF_SMTP`, or through Airflow's connection `lsif_smtp` where that is set and `LSIF_SMTP` is not.
"""

import json
import logging
import os
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10
SMTP, CONNECTION = "lsif_smtp", "AIRFLOW_CONN_LSIF_SMTP"
News = dict[str, Any]
"""What is worth knowing, ready for JSON; `text` is all of it for people, `title` its first line."""


def tell_of_failure(context: Mapping[str, Any]) -> None:
    """Airflow's failure callback: tell everyone configured; a channel that fails is logged and stops no other."""
    _tell(_news(context, "failed", exception=str(context.get("exception") or "the task's process died")))


def tell_of_warnings(context: Mapping[str, Any], warnings: Sequence[str]) -> None:
    """The same of a task that ended well, and of what its job warned."""
    _tell(_news(context, "warns", warnings=list(warnings)))


def _tell(news: News) -> None:
    channels: dict[str, Callable[[News, str], None]] = {
        "LSIF_ALERT_WEBHOOK": post,
        "LSIF_ALERT_MAIL": mail,
        "LSIF_ALERT_APPRISE": apprise,
    }
    for variable, send in channels.items():
        if address := os.environ.get(variable):
            try:
                send(news, address)
            except Exception:
                log.exception("the alert to %s failed", variable)


def _news(context: Mapping[str, Any], how: str, **what: Any) -> News:
    task = context["ti"]
    ds = context.get("partition_key") or (context.get("params") or {}).get("ds")
    news = {
        "dag": task.dag_id,
        "task": task.task_id,
        "ds": ds,
        "run_id": task.run_id,
        "try_number": task.try_number,
        **what,
        "log_url": getattr(task, "log_url", None),
    }
    title = f"LSIF: {task.dag_id}.{task.task_id} {how} for {ds}"
    return {**news, "title": title, "text": "\n".join([title, *(f"{name}: {_line(v)}" for name, v in news.items())])}


def _line(value: Any) -> str:
    return "; ".join(value) if isinstance(value, list) else str(value)


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
