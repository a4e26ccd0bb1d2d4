"""Who hears of a failed task, and of what a job warned of: channels that are set by a variable each.

| variable             | what it holds                                              | told by           |
|----------------------|------------------------------------------------------------|-------------------|
| `LSIF_ALERT_MAIL`    | addresses, with commas                                     | `SmtpNotifier`    |
| `LSIF_ALERT_APPRISE` | addresses of services (`slack://`, `tgram://`), with blanks | `AppriseNotifier` |
| `LSIF_ALERT_WEBHOOK` | a URL that gets JSON, with a `text` as Slack's receive it  | a POST            |
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lsif_channels import News, apprise, mail, post

log = logging.getLogger(__name__)


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
