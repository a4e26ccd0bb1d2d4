"""Whose Airflow and MLflow a command speaks to, and what it says where that is not clear."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lsif import cli, lookup, places, services
from lsif.errors import LsifError
from tests.away import away


@pytest.fixture
def elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("LSIF_AIRFLOW_TOKEN_FILE", "LSIF_AIRFLOW_LOGIN_FILE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LSIF_AIRFLOW_URL", "http://127.0.0.1:9")
    return monkeypatch


def test_a_token_needs_no_sign_in_and_is_sent(elsewhere: pytest.MonkeyPatch, home: Path) -> None:
    (home / "token").write_text("t0ken\n")
    elsewhere.setenv("LSIF_AIRFLOW_TOKEN_FILE", str(home / "token"))
    assert places.airflow()._http.headers["Authorization"] == "Bearer t0ken"


def test_a_login_is_asked_for_a_token(elsewhere: pytest.MonkeyPatch, home: Path) -> None:
    (home / "login").write_text(json.dumps({"ann": "secret"}))
    elsewhere.setenv("LSIF_AIRFLOW_LOGIN_FILE", str(home / "login"))
    with away("401") as address:
        elsewhere.setenv("LSIF_AIRFLOW_URL", address)
        with pytest.raises(LsifError, match=r"password or token is not accepted .* LSIF_AIRFLOW_LOGIN_FILE"):
            places.airflow()


def test_whom_a_role_forbids_something_is_not_told_of_a_password(elsewhere: pytest.MonkeyPatch, home: Path) -> None:
    (home / "token").write_text("t0ken\n")
    elsewhere.setenv("LSIF_AIRFLOW_TOKEN_FILE", str(home / "token"))
    with away("403") as address:
        elsewhere.setenv("LSIF_AIRFLOW_URL", address)
        with pytest.raises(LsifError, match="the user's role may not do this there"):
            places.airflow().runs("lsif_nightly")


@pytest.mark.parametrize(
    ("variable", "content", "line"),
    [
        ("LSIF_AIRFLOW_LOGIN_FILE", "ann:secret", 'does not hold {"user": "password"}'),
        ("LSIF_AIRFLOW_LOGIN_FILE", '{"ann": "x", "bob": "y"}', 'does not hold {"user": "password"}'),
        ("LSIF_AIRFLOW_LOGIN_FILE", None, "cannot read LSIF_AIRFLOW_LOGIN_FILE="),
        ("LSIF_AIRFLOW_TOKEN_FILE", None, "cannot read LSIF_AIRFLOW_TOKEN_FILE="),
        (None, None, "LSIF_AIRFLOW_URL is set, but not who asks there"),
    ],
)
def test_who_asks_is_said_or_missed(
    variable: str | None, content: str | None, line: str, elsewhere: pytest.MonkeyPatch, home: Path
) -> None:
    if content:
        (home / "file").write_text(content)
    if variable:
        elsewhere.setenv(variable, str(home / "file"))
    with pytest.raises(LsifError) as error:
        places.airflow()
    assert line in str(error.value)
    assert "secret" not in str(error.value)


def test_mlflow_is_the_one_that_is_named(elsewhere: pytest.MonkeyPatch) -> None:
    with pytest.raises(LsifError, match="name its MLflow with MLFLOW_TRACKING_URI"):
        places.tracking_uri()
    elsewhere.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert places.tracking_uri() == "http://mlflow:5000"


def test_tables_of_here_are_not_taken_for_those_of_elsewhere(elsewhere: pytest.MonkeyPatch, home: Path) -> None:
    for words in (["stale"], ["cascade"], ["recs", "385"]):
        said = CliRunner().invoke(cli.app, words).exception
        assert isinstance(said, LsifError) and "name its tables with LSIF_TABLES" in str(said), words
    elsewhere.setenv("LSIF_TABLES", str(home / "tables"))
    assert lookup.steps_done("2017-10-31") == []


@pytest.mark.parametrize(
    ("name", "value"), [("LSIF_AIRFLOW_URL", "http://airflow:8080"), ("LSIF_SPARK_MASTER", "spark://master:7077")]
)
def test_services_of_one_machine_are_not_started_beside_a_cluster(
    name: str, value: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LSIF_AIRFLOW_URL", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(LsifError, match=f"^{name}={value} speaks of a cluster"):
        services.up(home)
    assert not (home / "run").exists()
