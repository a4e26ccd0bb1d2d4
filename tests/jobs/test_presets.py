"""A night end to end from each preset as it stands: what is delivered, trained on, scored, audited and published."""

import tomllib
from pathlib import Path

import pyarrow.compute as pc
import pytest

from benchmarks.quality.logs import LOGS
from lsif.config import load_settings, project_folder
from lsif.days import day_before, days_between
from lsif.tables import Tables
from tests.jobs.conftest import Run
from tests.jobs.exports import EXPORTS, PEOPLE

PRESETS = project_folder() / "presets"
NIGHT, CUTOFFS = "2024-03-10", 3
SMALLER = f"""[training]
cutoffs = {CUTOFFS}
max_epochs = 1
batch_users = 16"""
SMALL = """
[model]
width = 8
text_encoder = "hashing"
"""
LIKE = {
    "shop": ("completejourney", "online_retail"),
    "news": ("globo_clicks",),
    "community": ("brunch_reads", "movietweetings", "movielens"),
}
"""Preset → public logs that are of its kind."""


@pytest.fixture
def preset(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A home with the preset's export up to the night, and its configuration at the size of a test."""
    name = str(request.param)
    toml = (PRESETS / f"{name}.toml").read_text()
    (home / "preset.toml").write_text(toml.replace("[training]", SMALLER) + SMALL)
    monkeypatch.setenv("LSIF_CONFIG", str(home / "preset.toml"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
    EXPORTS[name](home, _days())
    return name


def _days() -> list[str]:
    """The night and as many days before it as a training on the night before asks for."""
    horizon = load_settings().training.horizon_days
    return days_between(day_before(NIGHT, (CUTOFFS + 1) * horizon), NIGHT)


@pytest.mark.parametrize(
    "preset",
    [pytest.param(name, marks=() if name == "shop" else pytest.mark.long) for name in sorted(EXPORTS)],
    indirect=True,
)
def test_a_night_end_to_end(preset: str, run: Run, tables: Tables) -> None:
    first, last = _days()[0], _days()[-2]
    run("ingest_items", "--ds", first)
    run("embed_items", "--ds", first)
    run("import_past", "--from", first, "--ds", last)
    run("training_cutoffs", "--ds", last)
    run("train", "--ds", last)
    run("gate", "--ds", last)
    run("move_alias", "promote", "--ds", last, "--force", "--reason", "a test's model")
    for step in ("events_to_interests", "ingest_items", "embed_items", "score_users"):
        run(step, "--ds", NIGHT)
    for step in ("audit_recommendations", "publish_recommendations", "join_feedback"):
        run(step, "--ds", NIGHT)
    lists = tables.read("recommendations", [NIGHT])
    assert len(pc.unique(lists["user_id"])) == PEOPLE
    assert pc.unique(lists["model_version"]).to_pylist() == ["1"]
    assert tables.read("quarantine", _days()).num_rows == 0
    lately = load_settings().interests.recent_days
    window = pc.list_flatten(tables.read("recent_windows", [NIGHT])["events"])
    oldest = pc.min(pc.struct_field(window, "event_time")).as_py()
    assert f"{oldest:%F}" >= day_before(NIGHT, lately - 1)


def test_what_counts_as_lately_was_written_down_before_anything_was_measured() -> None:
    found = {path.stem: tomllib.loads(path.read_text())["interests"]["recent_days"] for path in PRESETS.glob("*.toml")}
    assert found == {"shop": 28, "news": 1, "community": 7}
    assert load_settings(LOGS["check_ins"].config).interests.recent_days == 28


@pytest.mark.parametrize(("preset", "log"), [(name, log) for name, logs in LIKE.items() for log in logs])
def test_a_public_log_is_measured_with_the_window_of_its_preset(preset: str, log: str) -> None:
    assert load_settings(LOGS[log].config).interests == load_settings(PRESETS / f"{preset}.toml").interests
