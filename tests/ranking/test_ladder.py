"""Which model a night gets when MLflow, or a person in it, has changed something; on a real MLflow."""

from pathlib import Path
from typing import Any

import pytest

from lsif.registry import History, Registry
from lsif.tables.kept import Kept
from tests.away import away
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, Shop, another

pytest_plugins = ["tests.ranking.harness"]


def champion_is(number: str) -> None:
    """Somebody moves the alias on MLflow's page."""
    Registry().point("champion", number)


def verdicts(made: Shop, ds: str = shop.DS) -> dict[str, Any]:
    return {row["check"]: row["verdict"] for row in made.tables.read("checks", [ds]).to_pylist()}


def moves(made: Shop, alias: str = "champion") -> list[tuple[str | None, str | None, str]]:
    rows = History.read(made.tables).rows
    return [(row["from_version"], row["to_version"], row["who"]) for row in rows if row["alias"] == alias]


def test_a_champion_that_is_deleted_leaves_the_one_before_it(champion: Shop) -> None:
    champion.run("score_users", ds=shop.DS)
    champion_is(another())
    Registry().point("previous", "1")
    Registry().client.delete_model_version("lsif", "2")
    said = champion.run("score_users", ds=NEXT_DAY)
    assert "WARN missing_champion: the champion, version 1, is gone from MLflow: scored with version 1 instead" in said
    assert champion.tables.staged("recommendations", NEXT_DAY).notes["model_version"] == "1"
    assert verdicts(champion, NEXT_DAY)["missing_champion"] == "warn"
    assert verdicts(champion)["missing_champion"] == "pass"


def test_an_unreadable_champion_leaves_the_one_before_it_or_stops_as_configured(champion: Shop) -> None:
    champion_is(another(manifest_sha256="0" * 64))
    file = champion.home / "shop.toml"
    file.write_text(file.read_text().replace("[checks]", "[checks]\nmissing_champion = 'fail'"))
    said = champion.run("score_users", code=2)
    assert "manifest.json of the model is not the one that was registered" in said
    assert "You may promote a version, or set checks.missing_champion, or let this day pass" in said
    champion.run("score_users", "--accept", "missing_champion", "--reason", "known")
    assert verdicts(champion)["missing_champion"] == "accepted"
    assert champion.tables.staged("recommendations", shop.DS).notes["model_version"] == "1"


def test_with_no_version_left_the_night_stops_and_popular_lists_are_for_nobody(champion: Shop) -> None:
    champion.run("score_users", ds=shop.DS)
    Registry().client.delete_model_version("lsif", "1")
    said = champion.run("score_users", ds=NEXT_DAY, code=2)
    assert "the champion, version 1, is gone from MLflow, and so is all that was champion before" in said
    assert "version 1, with which the day was scored, is gone" in champion.run("score_users", "--force", code=2)


def test_an_outage_is_tried_again_and_on_the_last_try_the_copy_scores(
    champion: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion.night()
    with away("refused") as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        for step in ("embed_items", "score_users"):
            assert "no answer; is it running?" in champion.run(step, ds=NEXT_DAY, code=75)
        monkeypatch.setenv("LSIF_LAST_TRY", "true")
        champion.run("embed_items", ds=NEXT_DAY)
        said = champion.run("score_users", ds=NEXT_DAY)
        assert "WARN champion_copy: MLflow at http" in said
        assert "scored with the kept copy of version 1, champion 1 days before" in said
        champion.run("score_users", "--model", "2", ds=NEXT_DAY, code=75)

        kept = Kept(champion.tables.root, "champion")
        (weights,) = Path(champion.tables.root).glob("_kept/champion/*/weights.safetensors")
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
        assert "weights.safetensors of the model is not the file" in champion.run(
            "score_users", "--force", ds=NEXT_DAY, code=2
        )
    assert verdicts(champion, NEXT_DAY) == {"champion_copy": "warn"}
    assert (kept.about() or {})["ds"] == shop.DS
    assert champion.tables.staged("recommendations", NEXT_DAY).notes["model_version"] == "1"


def test_an_outage_before_any_copy_stays_one(trained: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSIF_LAST_TRY", "true")
    with away("refused") as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        trained.run("score_users", code=75)


def test_a_move_by_hand_is_noticed_and_a_rollback_goes_to_what_was_in_force_before(champion: Shop) -> None:
    two, three = another(gate="PASS"), another(gate="PASS", data_hash="3")
    champion.run("move_alias", "promote", "--version", two, "--by", "ann")
    champion_is(three)
    champion.run("score_users")
    assert Registry().aliases()["previous"] == two
    said = champion.run("move_alias", "rollback", "--reason", "sales fell", "--by", "bob")
    assert "version 2 is champion again, version 3 is previous" in said
    assert moves(champion)[1:] == [
        ("1", "2", "promote by ann"),
        ("2", "3", "somebody in MLflow"),
        ("3", "2", "rollback by bob"),
    ]
    assert moves(champion, "previous")[1:] == [("1", "2", "lsif"), ("2", "3", "rollback by bob")]
    told = History.read(champion.tables).rows[-1]
    assert (told["ds"], told["reason"]) == (shop.DS, "sales fell")


def test_what_a_person_took_down_no_machine_promotes_again(champion: Shop) -> None:
    two = another(gate="PASS")
    Registry().point("challenger", two)
    champion.run("move_alias", "promote", "--if-passed")
    champion.run("move_alias", "rollback", "--reason", "sales fell", ds=NEXT_DAY)
    said = champion.run("move_alias", "promote", "--if-passed")
    assert f"it was rolled back on {NEXT_DAY} (sales fell); the champion stays" in said
    assert "version 2 is not promoted, it was rolled back" in champion.run("move_alias", "promote", code=2)
    again = another(gate="PASS")
    said = champion.run("move_alias", "promote", "--version", again, "--if-passed")
    assert f"version 2, made of the same, was rolled back on {NEXT_DAY}" in said
    assert Registry().aliases()["champion"] == "1"
    champion.run("move_alias", "promote", "--force", "--reason", "it was the weather")
    assert Registry().aliases()["champion"] == two


def test_a_move_back_by_hand_is_a_rollback_and_a_deletion_holds(champion: Shop) -> None:
    two = another(gate="PASS")
    Registry().point("challenger", two)
    champion.run("move_alias", "promote")
    champion_is("1")
    champion.run("score_users")
    assert "made version 1 champion" in champion.run("move_alias", "promote", "--if-passed")
    Registry().client.delete_model_version("lsif", two)
    again = another(gate="PASS")
    Registry().point("challenger", again)
    assert f"version {two}, made of the same, was deleted" in champion.run("move_alias", "promote", "--if-passed")
    assert Registry().aliases()["champion"] == "1"


def test_a_changed_text_encoder_waits_for_the_next_training(champion: Shop) -> None:
    file = champion.home / "shop.toml"
    file.write_text(file.read_text().replace('"hashing"', '"wordllama"'))
    items = shop.catalogue(41).to_pylist()
    shop.write(champion.tables, "items", shop.table("items", items), [NEXT_DAY])
    assert "1 out, new texts, hashing-256" in champion.run("embed_items", ds=NEXT_DAY)
    champion.run("score_users", ds=NEXT_DAY)
    assert "41 out, new texts, wordllama" in champion.run("embed_items", "--for-training", ds=NEXT_DAY)
