"""The page is made by the command and by the night's job, with MLflow and without."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lsif.cli import app
from lsif.config import load_settings
from lsif.morning import pages
from lsif.registry import Registry
from lsif.registry.nights import NIGHTS, PAGE, facts
from lsif.report.night import Change
from lsif.tables import Tables
from tests.report import made
from tests.scripts import run_job


@pytest.fixture
def night(home: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one night, and nowhere an MLflow."""
    made.nights(tables, many=1)
    for name in ("MLFLOW_TRACKING_URI", "LSIF_AIRFLOW_URL"):
        monkeypatch.delenv(name, raising=False)
    return home


def test_the_command_makes_the_newest_night_and_leaves_users_out(night: Path) -> None:
    done = CliRunner().invoke(app, ["report", "--without-users"])
    file = night / "reports" / f"{made.DS}.html"
    assert done.exit_code == 0 and done.stdout.strip() == str(file), done.output
    assert "(--without-users)" in file.read_text() and (night / "reports/index.html").exists()
    assert CliRunner().invoke(app, ["report", "--ds", made.DS]).exit_code == 0
    assert "<b>User A</b>" in file.read_text() and "MLFLOW_TRACKING_URI is not set" in file.read_text()


def test_the_command_opens_the_page(night: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", opened.append)
    assert CliRunner().invoke(app, ["report", "--open"]).exit_code == 0
    assert opened == [(night / "reports" / f"{made.DS}.html").as_uri()]


def test_without_a_night_the_command_says_what_to_do(home: Path) -> None:
    done = CliRunner().invoke(app, ["report"])
    assert "name a day with --ds" in str(done.exception)


def test_where_nothing_can_be_written_the_command_says_so(night: Path) -> None:
    (night / "reports").write_text("a file")
    assert "reports/2017-11-20.html cannot be written" in str(CliRunner().invoke(app, ["report"]).exception)


def test_the_job_writes_the_page_though_nobody_answers(
    night: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (night / "shop.toml").write_text((night / "shop.toml").read_text() + "[report]\nusers = false\n")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    said = run_job(monkeypatch, capsys, "report", "--ds", made.DS)
    file = night / "reports" / f"{made.DS}.html"
    assert str(file) in said.splitlines() and "<b>User A</b>" not in file.read_text()
    assert "MLflow at http://127.0.0.1:9" in file.read_text()


def test_the_page_is_there_before_its_causes_are_looked_for(
    night: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsif.morning.moved", lambda night: [("for_you", "2017-11-12", "2017-11-13")])
    found = Change("for_you", "2017-11-12", "2017-11-13", 0.31, 0.27, {"model": -0.04})
    monkeypatch.setattr("lsif.morning._change", lambda *told: found)
    told = [file.read_text() for file in pages(tables, made.DS, load_settings(None), None, True)]
    assert ["which is more than chance" in page for page in told] == [False, True]


def test_a_cause_that_cannot_be_told_costs_no_page(
    night: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*told: object) -> Change:
        raise ValueError("recorded by an older release")

    monkeypatch.setattr("lsif.morning.moved", lambda night: [("for_you", "2017-11-12", "2017-11-13")])
    monkeypatch.setattr("lsif.morning._change", fails)
    (file,) = pages(tables, made.DS, load_settings(None), None, True)
    assert "<b>User A</b>" in file.read_text()
    assert "is not explained: ValueError: recorded by an older release" in capsys.readouterr().err


def test_the_job_puts_the_page_beside_the_models_once_a_night(
    night: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = f"sqlite:///{night}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    for _ in range(2):
        said = run_job(monkeypatch, capsys, "report", "--ds", made.DS)
    client = Registry(uri).client
    (run,) = client.search_runs([client.get_experiment_by_name(NIGHTS).experiment_id])
    (artefact,) = client.list_artifacts(run.info.run_id, PAGE)
    assert artefact.path == f"{PAGE}/{made.DS}.html" and run.data.tags["ds"] == made.DS
    monkeypatch.setenv("LSIF_MLFLOW_URL", "https://models.example/")
    shown = run_job(monkeypatch, capsys, "report", "--ds", made.DS)
    assert f"\nhttps://models.example/#/experiments/{run.info.experiment_id}/" in shown
    assert f"{uri}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/{artefact.path}" in said
    assert facts(Registry(uri), "none") == ({}, ())
