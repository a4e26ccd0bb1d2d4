"""Who hears of a failed task: a webhook (LSIF_ALERT_WEBHOOK) and a mailbox (LSIF_ALERT_MAIL through LSIF_SMTP)."""

import json
import logging
import os
import smtplib
import urllib.request
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10


def tell_of_failure(context: Mapping[str, Any]) -> None:
    """Airflow's failure callback: tell everyone configured; a channel that fails is logged and stops no other."""
    failure = describe(context)
    channels: dict[str, Callable[[dict[str, Any], str], None]] = {
        "LSIF_ALERT_WEBHOOK": post,
        "LSIF_ALERT_MAIL": mail,
    }
    for variable, send in channels.items():
        if address := os.environ.get(variable):
            try:
                send(failure, address)
            except Exception:
                log.exception("the alert to %s (%s) failed", address, variable)


def describe(context: Mapping[str, Any]) -> dict[str, Any]:
    """What is worth knowing of a failed task, ready for JSON."""
    task = context["ti"]
    return {
        "dag": task.dag_id,
        "task": task.task_id,
        "ds": context.get("partition_key") or (context.get("params") or {}).get("ds"),
        "run_id": task.run_id,
        "try_number": task.try_number,
        "exception": str(context.get("exception") or "the task's process died"),
        "log_url": getattr(task, "log_url", None),
    }


def post(failure: dict[str, Any], url: str) -> None:
    """POST the failure as JSON; an answer that is not a success is an error."""
    request = urllib.request.Request(
        url, json.dumps(failure).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
        pass


def mail(failure: dict[str, Any], receivers: str) -> None:
    """Mail the failure to `receivers` (comma-separated) through LSIF_SMTP (host:port, default localhost:25)."""
    host, _, port = os.environ.get("LSIF_SMTP", "localhost:25").partition(":")
    message = EmailMessage()
    message["Subject"] = f"LSIF: {failure['dag']}.{failure['task']} failed for {failure['ds']}"
    message["From"] = os.environ.get("LSIF_ALERT_FROM", "lsif@localhost")
    message["To"] = receivers
    message.set_content("\n".join(f"{name}: {value}" for name, value in failure.items()))
    with smtplib.SMTP(host, int(port or 25), timeout=TIMEOUT_SECONDS) as server:
        server.send_message(message)
