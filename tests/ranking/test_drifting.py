"""A night whose inputs moved by one deviation is caught the same night, through the jobs as they are."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest

from lsif.days import day_before
from lsif.features import snapshot
from lsif.features.history_features import history_feature_names
from lsif.registry import Registry
from tests.ranking import shop
from tests.ranking.harness import Shop

pytest_plugins = ["tests.ranking.harness"]


@pytest.fixture
def night(champion: Shop) -> Shop:
    """A night like the three before it; its own users are few, so what is counted are rows of histories."""
    champion.night()
    rows = champion.tables.read("night_profiles", [shop.DS]).drop_columns("ds")
    writer = champion.tables.writer("night_profiles")
    for back in (1, 2, 3):
        writer.write(day_before(shop.DS, back), rows)
    writer.commit()
    return champion


def shifted(night: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """One number of each history row, one deviation higher: what a changed unit or a broken join would do."""
    model = Registry().load("1").model
    names = history_feature_names(night.settings.interests.half_lives_days)
    column, made = names.index("log_first_age"), snapshot.history_features
    deviation = float(model.history_scale.deviation[column])

    def features(*arguments: Any) -> np.ndarray[Any, Any]:
        found = made(*arguments)
        found[:, column] += deviation
        return found

    monkeypatch.setattr(snapshot, "history_features", features)


def verdicts(night: Shop) -> dict[str, dict[str, Any]]:
    return {row["check"]: row for row in night.tables.read("checks", [shop.DS]).to_pylist()}


def bound(night: Shop, line: str) -> None:
    file = night.home / "shop.toml"
    file.write_text(file.read_text() + f"\n[checks.drift]\n{line}\n")


def test_a_night_like_those_before_says_nothing(night: Shop) -> None:
    night.night(shop.DS, "--force")
    found = verdicts(night)
    assert [name for name, row in found.items() if row["verdict"] != "pass"] == ["catalogue_age_days"], "it came once"
    assert found["psi_inputs"]["value"] == pytest.approx(0) and found["psi_inputs"]["bound"] == 0.25
    ages = {name: row["value"] for name, row in found.items() if name.endswith("_age_days")}
    assert ages["item_states_age_days"] == ages["recent_windows_age_days"] == ages["events_age_days"] == 0
    assert ages["model_age_days"] == 7 and "users_age_days" not in ages


def test_an_input_that_moved_by_a_deviation_is_caught_the_same_night(
    night: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shifted(night, monkeypatch)
    monkeypatch.setenv("LSIF_WARNINGS", str(tmp_path / "warnings"))
    night.run("score_users", "--force")
    said = night.run("audit_recommendations")
    assert "warn psi_inputs: not as in the 3 nights before: PSI of history.log_first_age " in said
    assert verdicts(night)["psi_inputs"]["verdict"] == "warn"
    assert "warn psi_inputs" in (tmp_path / "warnings").read_text()
    night.run("publish_recommendations")


def test_beyond_a_bound_that_fails_the_last_list_stays_until_a_person_lets_it_pass(
    night: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = night.tables.content_hash("recommendations", shop.DS)
    bound(night, "psi_inputs = { fail = 0.25 }")
    shifted(night, monkeypatch)
    night.run("score_users", "--force")
    assert "fail psi_inputs: not as in the 3 nights before" in night.run("audit_recommendations", code=2)
    assert "has not passed the audit" in night.run("publish_recommendations", code=2)
    assert night.tables.content_hash("recommendations", shop.DS) == good
    night.run("audit_recommendations", "--accept", "psi_inputs", "--reason", "a new till")
    night.run("publish_recommendations")
    assert verdicts(night)["psi_inputs"]["note"] == "accepted: a new till"


def test_a_home_of_before_has_no_profiles_and_passes(champion: Shop) -> None:
    champion.night()
    found = verdicts(champion)
    assert found["psi_inputs"]["verdict"] == "pass"
    assert found["psi_inputs"]["note"] == "not judged: 0 nights before this one, min_nights = 3"
    audited = champion.tables.read("runs").filter(pc.field("step") == "audit_recommendations").to_pylist()[-1]
    assert audited["note"].count("not judged: ") == 1
    staged = champion.tables.staged("recommendations", shop.DS)
    writer = champion.tables.writer("recommendations")
    writer.write(shop.DS, staged.scan().to_table())
    writer.stage(model_version="1", **{"rule_hits": staged.notes["rule_hits"]})
    champion.run("audit_recommendations")
    champion.run("publish_recommendations")
    assert "an earlier release did" in verdicts(champion)["psi_inputs"]["note"]
    assert len(champion.tables.read("night_profiles", [shop.DS])) == 0
