"""MLflow or its PostgreSQL goes at a named place of a night or of a training: what stands, and what one retry ends."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lsif import failpoints
from lsif.registry import History, Registry
from tests.faults.standing import is_staged
from tests.faults.tally import Tally
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, Shop, another
from tests.servers import MLflow, mlflow_server

pytest_plugins = ["tests.ranking.harness"]
pytestmark = [pytest.mark.long, pytest.mark.timeout(2400)]

OUTAGE = 75


@pytest.fixture(scope="module")
def server() -> Iterator[MLflow]:
    with mlflow_server() as server:
        yield server


@pytest.fixture(scope="module")
def champion_home(after_training: Path, server: MLflow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LSIF_HOME of a shop whose version 1, in the real MLflow, is champion; its first night is done."""
    with a_copy(after_training, tmp_path_factory.mktemp("served"), server) as made:
        made.run("train", "--force")
        made.promote_first()
        made.night()
    return made.home


@pytest.fixture
def made(
    champion_home: Path, server: MLflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> Iterator[Shop]:
    """The test's own copy of it; whatever the test has stopped is started again."""
    home = tmp_path / "home"
    shutil.copytree(champion_home, home)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    yield served(home, server, monkeypatch, capsys)
    server.start()
    for alias in ("champion", "challenger"):
        Registry().point(alias, "1")
    Registry().client.delete_registered_model_alias("lsif", "previous")


@contextmanager
def a_copy(home: Path, folder: Path, server: MLflow) -> Iterator[Shop]:
    """The shop of a home, copied into `folder`, as long as the block lasts."""
    shutil.copytree(home, folder / "home")
    with pytest.MonkeyPatch.context() as patch:
        yield served(folder / "home", server, patch, None)


def served(home: Path, server: MLflow, patch: pytest.MonkeyPatch, capture: Any) -> Shop:
    made = Shop(home, patch, capture)
    patch.setenv("MLFLOW_TRACKING_URI", server.url)
    return made


def goes(made: Shop, server: MLflow, part: str, place: str) -> None:
    """Let a part go when a job comes to a place; `start` is before a job."""
    if place == "start":
        server.stop(part)
        return

    def reached(name: str) -> None:
        if name == place:
            made.patch.setattr(failpoints, "reached", None)
            server.stop(part)

    made.patch.setattr(failpoints, "reached", reached)


def is_back(made: Shop, server: MLflow) -> None:
    assert failpoints.reached is None, "the place was not reached"
    server.start()


# --- nights -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def undisturbed(champion_home: Path, server: MLflow, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The hash of the lists of a night that nothing happened to."""
    with a_copy(champion_home, tmp_path_factory.mktemp("undisturbed"), server) as made:
        made.run("embed_items", ds=NEXT_DAY)
        made.night(NEXT_DAY)
        return made.tables.content_hash("recommendations", NEXT_DAY)


@pytest.mark.parametrize("part", MLflow.PARTS)
@pytest.mark.parametrize(("step", "place"), [("embed_items", "start"), ("score_users", "start")])
def test_a_night_that_needs_the_model_waits_for_it(
    step: str, place: str, part: str, made: Shop, server: MLflow, undisturbed: str, tally: Tally
) -> None:
    before = made.tables.content_hash("recommendations", shop.DS)
    if step != "embed_items":
        made.run("embed_items", ds=NEXT_DAY)
    goes(made, server, part, place)
    said = made.run(step, ds=NEXT_DAY, code=OUTAGE)
    assert said.strip().splitlines()[-1].startswith(f"{step}.py: MLflow at {server.url}: "), said
    partial = made.tables.days("recommendations") != [shop.DS] or is_staged(made.tables, "recommendations", NEXT_DAY)
    lost = made.tables.content_hash("recommendations", shop.DS) != before
    tally.add(f"a night without {part}", partial=partial, lost=lost)
    is_back(made, server)
    made.run("embed_items", ds=NEXT_DAY)
    made.night(NEXT_DAY)
    tally.add("its plain retry", partial=made.tables.content_hash("recommendations", NEXT_DAY) != undisturbed)


@pytest.mark.parametrize("part", MLflow.PARTS)
def test_on_the_last_try_the_kept_copy_makes_the_same_lists(
    part: str, made: Shop, server: MLflow, undisturbed: str, tally: Tally
) -> None:
    server.stop(part)
    made.patch.setenv("LSIF_LAST_TRY", "true")
    made.run("embed_items", ds=NEXT_DAY)
    made.night(NEXT_DAY)
    partial = made.tables.content_hash("recommendations", NEXT_DAY) != undisturbed
    tally.add(f"a night without {part}", partial=partial)


@pytest.mark.parametrize("part", MLflow.PARTS)
@pytest.mark.parametrize("place", ["before_work", "after_file", "after_stage", "before_publish"])
def test_a_night_that_has_its_model_needs_nobody(
    place: str, part: str, made: Shop, server: MLflow, undisturbed: str, tally: Tally
) -> None:
    made.run("embed_items", ds=NEXT_DAY)
    goes(made, server, part, place)
    made.night(NEXT_DAY)
    partial = made.tables.content_hash("recommendations", NEXT_DAY) != undisturbed
    tally.add(f"a night without {part}", partial=partial)
    is_back(made, server)


# --- trainings and promotions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", MLflow.PARTS)
@pytest.mark.parametrize("place", ["start", "before_work", "after_training", "after_log", "after_register"])
def test_a_training_that_cannot_register_is_tried_again(
    place: str, part: str, made: Shop, server: MLflow, tally: Tally
) -> None:
    versions, aliases = len(Registry().versions()), Registry().aliases()
    goes(made, server, part, place)
    said = made.run("train", "--force", code=OUTAGE)
    assert said.strip().splitlines()[-1].startswith(f"train.py: MLflow at {server.url}: "), said
    is_back(made, server)
    there = Registry().versions()
    partial = len(there) - versions != (place == "after_register") or Registry().aliases() != aliases
    tally.add(f"a training without {part}", partial=partial)
    made.run("train", "--force")
    new = Registry().versions()[-1]
    partial = Registry().aliases() != {**aliases, "challenger": new.number} or "manifest_sha256" not in new.tags
    tally.add("its plain retry", partial=partial)
    assert Registry().load(new.number)


@pytest.mark.parametrize("part", MLflow.PARTS)
@pytest.mark.parametrize("place", ["start", "before_work", "after_previous", "after_decision", "after_champion"])
def test_a_promotion_that_is_cut_off_leaves_one_champion(
    place: str, part: str, made: Shop, server: MLflow, tally: Tally
) -> None:
    new, old = another(gate="PASS", data_hash=place + part), Registry().aliases()["champion"]
    Registry().point("challenger", new)
    goes(made, server, part, place)
    made.run("move_alias", "promote", code=OUTAGE)
    is_back(made, server)
    moved = place == "after_champion"
    partial = Registry().aliases()["champion"] != (new if moved else old)
    tally.add(f"a promotion without {part}", partial=partial)
    made.run("move_alias", "promote")
    aliases = Registry().aliases()
    kept = [row for row in History.read(made.tables).rows if row["alias"] == "champion"]
    partial = (aliases["champion"], aliases["previous"]) != (new, old)
    doubled = [row["to_version"] for row in kept].count(new) != 1
    tally.add("its plain retry", partial=partial, doubled=doubled)
