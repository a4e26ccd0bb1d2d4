"""The registry on a real MLflow (SQLite and a folder), from registration to rollback."""

import re
import socket
import time
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch

from lsif.config import Settings
from lsif.differential import Differential
from lsif.errors import LsifError
from lsif.evaluation.compare import Comparison
from lsif.model.fusion_model import SOURCES
from lsif.privacy.budget import COVERS, Budget, check_total
from lsif.ranking.trained import TrainedModel
from lsif.registry import History, Registry, promote, rollback
from lsif.registry.manifest import MANIFEST, verify_manifest, write_manifest
from lsif.registry.pyfunc import made_up_input
from lsif.registry.registration import Candidate, register
from lsif.registry.standing import Wanted, standing
from tests.known import Known
from tests.ranking import shop

ROW = {"value": 0.3, "low": 0.2, "high": 0.4, "gain": 0.0, "gain_low": 0.0, "gain_high": 0.0, "n": 9}
COMPARISON: Comparison = [{"list": "for_you", "metric": "ndcg@10", "contender": "lsif", **ROW}]


@pytest.fixture
def small(settings: Settings) -> Settings:
    return shop.small(settings)


@pytest.fixture
def night(small: Settings) -> Known:
    torch.set_num_threads(1)
    return shop.known(shop.events(users=8, items=12), small, shop.catalogue(12))


@pytest.fixture
def trained(night: Known, small: Settings) -> TrainedModel:
    return shop.trained(night, shop.vectors(night.items), small)


@pytest.fixture(scope="module")
def mlflow_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture
def registry(mlflow_folder: Path, request: pytest.FixtureRequest) -> Registry:
    """A model name of the test's own: making MLflow's 65 tables takes seconds, so the tests share them."""
    return Registry(
        f"sqlite:///{mlflow_folder}/mlflow.db", name=f"lsif {re.sub(r'[^a-zA-Z_ ]', ' ', request.node.name)}"
    )


def candidate(trained: TrainedModel, ds: str = "2017-06-30", through: str = "2017-06-23") -> Candidate:
    model = TrainedModel(trained.model, trained.index, "", trained.interests, through)
    return Candidate(model, ds, {"training": {"seed": 1}}, COMPARISON, {"cutoff": through}, hashes={"data_hash": "d"})


@pytest.fixture
def registered(registry: Registry, trained: TrainedModel) -> str:
    return register(registry, candidate(trained))


def test_a_reloaded_model_gives_the_same_rows(
    registry: Registry, registered: str, trained: TrainedModel, night: Known, small: Settings
) -> None:
    loaded = registry.load(registered)
    same = TrainedModel(trained.model, trained.index, registered, trained.interests, trained.trained_through)
    vectors = shop.vectors(night.items)
    assert shop.recommended(loaded, night, vectors, small).equals(shop.recommended(same, night, vectors, small))
    assert loaded.trained_through == "2017-06-23"


def test_a_version_of_another_release_is_one_line_and_nobodys_rival(
    registry: Registry, registered: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a champion of before an upgrade would stop the very training that is to replace it."""
    monkeypatch.setattr("lsif.registry.bundle.load_file", lambda file: {})
    with pytest.raises(LsifError, match=r"^model version \d+ does not fit this release, train again: [^\n]+$"):
        registry.load(registered)
    assert registry.readable(registered) is None
    assert "no champion to compare with: model version" in capsys.readouterr().out


def test_a_version_says_what_it_was_made_of(registry: Registry, registered: str) -> None:
    version = registry.version("challenger")
    assert version.number == registered == "1"
    assert {"ds", "trained_through", "text_encoder", "manifest_sha256", "data_hash"} <= version.tags.keys()
    run = registry.client.get_run(version.run_id)
    assert run.data.metrics["for_you.lsif.ndcg_at_10"] == 0.3
    assert run.data.metrics["for_you.lsif.ndcg_at_10.low"] == 0.2
    assert run.data.params["popularity_starts_with"] == "log_new_users_7d"
    trust = {name: value for name, value in run.data.metrics.items() if name.startswith("trust_in_")}
    assert trust == dict.fromkeys([f"trust_in_{source}" for source in SOURCES], 1.0)
    assert run.data.metrics["rows_stretched_by"] == 1
    assert run.data.params["training.seed"] == "1"
    assert registry.evaluation(version) == {"cutoff": "2017-06-23", "comparison": COMPARISON}
    with registry.folder(version) as folder:
        names = {path.name for path in folder.iterdir()}
    assert names == {"weights.safetensors", "items.safetensors", "vocabulary.json", "model.json", MANIFEST}


def test_versions_say_what_privacy_their_trainings_spent_and_it_adds_up(
    registry: Registry, registered: str, trained: TrainedModel
) -> None:
    spent = Budget(epsilon=3.0, delta=1e-5, noise=1.0, rate=0.1, steps=9, users=900)
    for _ in range(2):
        register(registry, replace(candidate(trained), privacy=spent.tags()))
    tags = [version.tags for version in registry.versions()]
    assert registry.version("challenger").tags["privacy_covers"] == COVERS
    assert sorted(one.get("privacy_epsilon", "") for one in tags) == ["", "3.0000", "3.0000"]
    assert check_total(Differential(epsilon=1, total_epsilon=7), tags) == 6
    with pytest.raises(LsifError, match="have spent epsilon 6 of"):
        check_total(Differential(epsilon=2, total_epsilon=7), tags)


def test_mlflow_itself_loads_it_without_pickle_and_keeps_no_users_example(
    registry: Registry, registered: str, trained: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    mlflow.set_tracking_uri(registry.uri)
    mlflow.set_registry_uri(registry.uri)
    model = mlflow.pyfunc.load_model(f"models:/{registry.name}@challenger")
    example = made_up_input(trained, users=3, rows=5)
    gain = model.predict(example)["popularity_gain"]
    assert gain.shape == (3,) and np.isfinite(gain).all()
    assert model.metadata.signature is not None
    assert not model.metadata.saved_input_example_info


def test_a_flipped_bit_is_refused(registry: Registry, registered: str, mlflow_folder: Path) -> None:
    for weights in mlflow_folder.rglob("weights.safetensors"):
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
    with pytest.raises(LsifError, match=r"weights\.safetensors of the model is not the file"):
        registry.load(registered)


def test_a_forged_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("good")
    digest = write_manifest(tmp_path)
    verify_manifest(tmp_path, digest)
    (tmp_path / "weights").write_text("evil")
    write_manifest(tmp_path)
    with pytest.raises(LsifError, match="is not the one that was registered"):
        verify_manifest(tmp_path, digest)


@pytest.mark.parametrize("change", ["lost", "added", "no manifest", "no JSON"])
def test_files_come_as_registered_or_not_at_all(tmp_path: Path, change: str) -> None:
    (tmp_path / "weights").write_text("good")
    write_manifest(tmp_path)
    if change == "lost":
        (tmp_path / "weights").unlink()
    elif change == "added":
        (tmp_path / "more").write_text("")
    elif change == "no manifest":
        (tmp_path / MANIFEST).unlink()
    else:
        (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(LsifError):
        verify_manifest(tmp_path)


def test_before_the_first_version_there_is_no_champion(registry: Registry) -> None:
    assert registry.aliases() == {}
    assert first(registry, "champion", "2017-07-01") is None
    assert first(registry, "as_of", "2017-07-01") is None
    with pytest.raises(LsifError, match=r"no version or alias '3' \(no alias is set\)"):
        first(registry, "3", "2017-07-01")


def first(registry: Registry, rule: str, ds: str) -> str | None:
    """The version that a day would be scored with."""
    line = standing(registry, History(()), Wanted(ds, None, rule, None)).line
    return line[0].number if line else None


def gated(registry: Registry, trained: TrainedModel, through: str, gate: str = "PASS") -> str:
    number = register(registry, candidate(trained, through=through))
    registry.tag(registry.version(number), gate=gate, gate_reasons="because")
    return number


def test_as_of_is_the_newest_trusted_version_that_learned_before_the_day(
    registry: Registry, trained: TrainedModel
) -> None:
    old, new = gated(registry, trained, "2017-06-01"), gated(registry, trained, "2017-06-10")
    gated(registry, trained, "2017-06-12", gate="HOLD")
    assert first(registry, "as_of", "2017-06-10") == old
    assert first(registry, "as_of", "2017-06-11") == new
    assert first(registry, "as_of", "2017-07-01") == new
    assert first(registry, "as_of", "2017-06-01") is None
    assert first(registry, old, "2017-07-01") == old


def test_promotion_and_rollback_move_the_aliases(registry: Registry, trained: TrainedModel) -> None:
    one, two = gated(registry, trained, "2017-06-01"), gated(registry, trained, "2017-06-10")
    assert promote(registry, one, "2017-06-02") == f"version {one} is champion"
    with pytest.raises(LsifError, match="no previous champion"):
        rollback(registry, "2017-06-02")
    promote(registry, "challenger", "2017-06-11")
    assert registry.aliases() == {"champion": two, "previous": one, "challenger": two}
    assert "already" in promote(registry, two, "2017-06-12")
    assert registry.aliases()["previous"] == one
    rollback(registry, "2017-06-12", "sells nothing")
    assert (registry.aliases()["champion"], registry.aliases()["previous"]) == (one, two)
    assert registry.version(two).tags["decision_reason"] == "sells nothing"
    assert first(registry, "as_of", "2017-07-01") == one
    rollback(registry, "2017-06-13")
    assert first(registry, "champion", "2017-07-01") == first(registry, "as_of", "2017-07-01") == two


@pytest.mark.parametrize("gate", ["HOLD", None])
def test_without_a_pass_only_force_with_a_reason_promotes(
    registry: Registry, trained: TrainedModel, gate: str | None
) -> None:
    number = gated(registry, trained, "2017-06-01", gate) if gate else register(registry, candidate(trained))
    with pytest.raises(LsifError, match="because" if gate else r"run jobs/gate\.py"):
        promote(registry, number, "2017-06-02")
    with pytest.raises(LsifError, match="--reason"):
        promote(registry, number, "2017-06-02", force=True)
    assert "champion" not in registry.aliases()
    promote(registry, number, "2017-06-02", reason="holiday", force=True)
    assert first(registry, "champion", "2017-06-03") == number == first(registry, "as_of", "2017-07-01")


def test_trained_for_a_day_is_its_newest_version(registry: Registry, trained: TrainedModel) -> None:
    register(registry, candidate(trained, ds="2017-06-30"))
    again = register(registry, candidate(trained, ds="2017-06-30"))
    register(registry, candidate(trained, ds="2017-07-07"))
    assert registry.trained_for("2017-06-30").number == again
    with pytest.raises(LsifError, match="was trained for ds=2017-01-01"):
        registry.trained_for("2017-01-01")


def test_a_server_that_does_not_answer_is_one_quick_line() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    with pytest.raises(LsifError, match=rf"MLflow at http://127\.0\.0\.1:{port}: no answer; is it running"):
        Registry(f"http://127.0.0.1:{port}").aliases()
    assert time.perf_counter() - started < 20


def test_no_address_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(LsifError, match="MLFLOW_TRACKING_URI is not set"):
        Registry()
