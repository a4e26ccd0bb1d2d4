"""A failed task tells a webhook and a mailbox, and a channel that fails is logged and stops no other."""

import logging
from types import SimpleNamespace

import pytest
from lsif_alerts import tell_of_failure

from tests.listeners import mailbox, webhook

FAILED = {
    "ti": SimpleNamespace(
        dag_id="lsif_nightly",
        task_id="score_users",
        run_id="manual__1",
        try_number=3,
        log_url="http://127.0.0.1:8080/dags/lsif_nightly",
    ),
    "partition_key": "2017-10-31",
    "params": {"ds": None},
    "exception": ValueError("no file for the day"),
}
TOLD = {
    "dag": "lsif_nightly",
    "task": "score_users",
    "ds": "2017-10-31",
    "run_id": "manual__1",
    "try_number": 3,
    "exception": "no file for the day",
    "log_url": "http://127.0.0.1:8080/dags/lsif_nightly",
}


@pytest.fixture(autouse=True)
def nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LSIF_ALERT_WEBHOOK", "LSIF_ALERT_MAIL", "LSIF_SMTP"):
        monkeypatch.delenv(name, raising=False)


def test_a_webhook_gets_all_there_is_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as (port, got):
        monkeypatch.setenv("LSIF_ALERT_WEBHOOK", f"http://127.0.0.1:{port}/alerts")
        tell_of_failure(FAILED)
    assert got == [TOLD]


def test_the_day_is_the_param_when_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as (port, got):
        monkeypatch.setenv("LSIF_ALERT_WEBHOOK", f"http://127.0.0.1:{port}")
        tell_of_failure({**FAILED, "partition_key": None, "params": {"ds": "2017-10-30"}})
    assert got[0]["ds"] == "2017-10-30"


def test_a_mailbox_gets_a_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox() as (port, got):
        monkeypatch.setenv("LSIF_ALERT_MAIL", "night@example.org")
        monkeypatch.setenv("LSIF_SMTP", f"127.0.0.1:{port}")
        tell_of_failure(FAILED)
    assert len(got) == 1
    assert "Subject: LSIF: lsif_nightly.score_users failed for 2017-10-31" in got[0]
    assert "To: night@example.org" in got[0]
    assert "exception: no file for the day" in got[0]


def test_a_channel_that_fails_is_logged_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with webhook(status=500) as (hook, posted), mailbox() as (port, mailed):
        monkeypatch.setenv("LSIF_ALERT_WEBHOOK", f"http://127.0.0.1:{hook}")
        monkeypatch.setenv("LSIF_ALERT_MAIL", "night@example.org")
        monkeypatch.setenv("LSIF_SMTP", f"127.0.0.1:{port}")
        with caplog.at_level(logging.ERROR):
            tell_of_failure(FAILED)
    assert len(posted) == len(mailed) == 1
    assert "LSIF_ALERT_WEBHOOK) failed" in caplog.text
    assert "HTTP Error 500" in caplog.text


def test_with_nobody_to_tell_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    tell_of_failure(FAILED)
    assert caplog.text == ""
