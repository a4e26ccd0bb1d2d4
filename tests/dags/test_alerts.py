"""A failed task, or one whose job warned, tells all channels, and one that fails is logged and stops no other."""

import email
import json
import logging
import sys
from email import policy
from types import SimpleNamespace
from typing import Any

import pytest
from lsif_alerts import tell_of_failure, tell_of_warnings
from lsif_channels import CONNECTION

from tests.listeners import mailbox, webhook

CONTEXT = {
    "ti": SimpleNamespace(
        dag_id="lsif_nightly",
        task_id="score_users",
        run_id="manual__1",
        try_number=3,
        max_tries=2,
        log_url="http://127.0.0.1:8080/dags/lsif_nightly",
    ),
    "partition_key": "2017-10-31",
    "params": {"ds": None},
}
FAILED = {**CONTEXT, "exception": ValueError("no file {{ for }} <the> day")}
TOLD = {
    "dag": "lsif_nightly",
    "task": "score_users",
    "ds": "2017-10-31",
    "run_id": "manual__1",
    "try_number": 3,
    "exception": "no file {{ for }} <the> day",
    "log_url": "http://127.0.0.1:8080/dags/lsif_nightly",
}
TITLE = "LSIF: lsif_nightly.score_users failed for 2017-10-31"
WARNING = "audit_recommendations ds=2017-10-31: warn psi_inputs: PSI of users.log_basket_size 0.61"


@pytest.fixture(autouse=True)
def nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LSIF_ALERT_WEBHOOK", "LSIF_ALERT_MAIL", "LSIF_ALERT_APPRISE", "LSIF_SMTP", CONNECTION):
        monkeypatch.delenv(name, raising=False)


def read(mail: str) -> tuple[Any, str]:
    """Headers and text of a mail as it went over the wire."""
    message = email.message_from_string(mail.replace("\r\n", "\n"), policy=policy.default)
    body = message.get_body()
    assert body is not None
    return message, body.get_content()


def test_a_webhook_gets_all_there_is_to_know_and_a_text_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as (port, got):
        monkeypatch.setenv("LSIF_ALERT_WEBHOOK", f"http://127.0.0.1:{port}/alerts")
        tell_of_failure(FAILED)
    (news,) = got
    assert news.items() >= TOLD.items() and news.keys() == {*TOLD, "title", "text"}
    assert news["text"].splitlines()[0] == news["title"] == TITLE
    assert "exception: no file {{ for }} <the> day" in news["text"]


def test_the_day_is_the_param_when_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as (port, got):
        monkeypatch.setenv("LSIF_ALERT_WEBHOOK", f"http://127.0.0.1:{port}")
        tell_of_failure({**FAILED, "partition_key": None, "params": {"ds": "2017-10-30"}})
    assert got[0]["ds"] == "2017-10-30"


def test_a_mailbox_gets_a_mail_that_is_no_template(monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox() as (port, got):
        monkeypatch.setenv("LSIF_ALERT_MAIL", "night@example.org")
        monkeypatch.setenv("LSIF_SMTP", f"127.0.0.1:{port}")
        tell_of_failure(FAILED)
    (mail,) = got
    message, text = read(mail)
    assert (message["Subject"], message["To"], message["From"]) == (TITLE, "night@example.org", "lsif@localhost")
    assert "exception: no file {{ for }} &lt;the&gt; day\n" in text


def test_mail_goes_by_airflow_s_own_connection_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox() as (port, got):
        extra = {"disable_ssl": True, "disable_tls": True}
        own = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
        monkeypatch.setenv(CONNECTION, json.dumps(own))
        monkeypatch.setenv("LSIF_ALERT_MAIL", "a@example.org,b@example.org")
        tell_of_failure(FAILED)
    assert read(got[0])[0]["To"] == "a@example.org, b@example.org"


def test_services_of_apprise_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as (one, first), webhook() as (other, second):
        monkeypatch.setenv("LSIF_ALERT_APPRISE", f"json://127.0.0.1:{one}/ json://127.0.0.1:{other}/")
        tell_of_failure(FAILED)
    for (news,) in (first, second):
        assert (news["title"], news["type"]) == (TITLE, "failure")
        assert "exception: no file {{ for }} <the> day" in news["message"]


def test_a_channel_that_fails_is_logged_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with webhook(status=500) as (hook, posted), mailbox() as (port, mailed), webhook(status=500) as (other, told):
        monkeypatch.setenv("LSIF_ALERT_WEBHOOK", f"http://127.0.0.1:{hook}")
        monkeypatch.setenv("LSIF_ALERT_MAIL", "night@example.org")
        monkeypatch.setenv("LSIF_ALERT_APPRISE", f"json://127.0.0.1:{other}/")
        monkeypatch.setenv("LSIF_SMTP", "127.0.0.1:1")
        with caplog.at_level(logging.WARNING):
            tell_of_failure(FAILED)
            monkeypatch.setenv("LSIF_SMTP", f"127.0.0.1:{port}")
            tell_of_failure(FAILED)
    assert len(posted) == len(told) == 2
    assert len(mailed) == 1
    assert "the alert to LSIF_ALERT_WEBHOOK failed" in caplog.text and "HTTP Error 500" in caplog.text
    assert "the alert to LSIF_ALERT_MAIL failed" in caplog.text
    assert "Failed to send JSON POST notification" in caplog.text


def test_with_nobody_to_tell_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    tell_of_failure(FAILED)
    assert caplog.text == ""


def test_warnings_go_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as (hook, posted), mailbox() as (port, mailed), webhook() as (other, told):
        monkeypatch.setenv("LSIF_ALERT_WEBHOOK", f"http://127.0.0.1:{hook}")
        monkeypatch.setenv("LSIF_ALERT_MAIL", "night@example.org")
        monkeypatch.setenv("LSIF_ALERT_APPRISE", f"json://127.0.0.1:{other}/")
        monkeypatch.setenv("LSIF_SMTP", f"127.0.0.1:{port}")
        tell_of_warnings(CONTEXT, [WARNING])
    assert posted[0]["warnings"] == [WARNING] and "exception" not in posted[0]
    assert f"warnings: {WARNING}" in read(mailed[0])[1]
    assert told[0]["type"] == "warning"


def test_what_a_job_warned_of_is_told_by_its_task_when_it_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException
    from lsif_operator import JobOperator

    warns = f"import os; open(os.environ['LSIF_WARNINGS'], 'a').write({WARNING!r} + '\\n')"
    with webhook() as (port, got):
        monkeypatch.setenv("LSIF_ALERT_WEBHOOK", f"http://127.0.0.1:{port}")
        JobOperator(task_id="audit", command=[sys.executable, "-c", warns]).execute(CONTEXT)
        JobOperator(task_id="audit", command=[sys.executable, "-c", "pass"]).execute(CONTEXT)
        with pytest.raises(AirflowFailException):
            JobOperator(task_id="audit", command=[sys.executable, "-c", f"{warns}; exit(2)"]).execute(CONTEXT)
    assert [news["warnings"] for news in got] == [[WARNING]], "a failure is told by its own callback"
