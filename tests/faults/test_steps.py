"""Promotions and trainings killed at each named place of theirs, on a real MLflow.

After each, every day of every table is what it was or what it was to become, MLflow names one champion, and one plain
retry ends it, of which the history tells.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lsif import failpoints
from lsif.errors import OutageError
from lsif.registry import History, Registry
from lsif.tables import Tables
from tests.faults.forks import Forks
from tests.faults.places import ENDS, PLACE, RETRY, ways
from tests.faults.promotions import orders, two_at_once
from tests.faults.standing import shown
from tests.faults.tally import Tally
from tests.ranking import shop
from tests.ranking.harness import WEEK_LATER, Shop, another
from tests.servers import end, free_port, mlflow_on_sqlite

if TYPE_CHECKING:
    from lsif.registry.registry import Version

pytest_plugins = ["tests.ranking.harness"]

PLACES = {
    "promote": ("before_work", "after_previous", "after_decision", "after_champion", "after_work", "after_ledger"),
    "rollback": ("after_rollback", "after_work"),
    "train": ("after_training", "after_log", "after_register"),
}


@dataclass
class Failing:
    """Runs jobs of a shop that fail, in processes of their own where they die."""

    made: Shop
    request: pytest.FixtureRequest

    def run(self, place: str, how: str, step: str, *arguments: str, ds: str = shop.DS) -> None:
        """Have the job fail there."""
        if how == "raise":
            failpoints._armed.cache_clear()
            with self.made.patch.context() as patch, pytest.raises(failpoints.InjectedFault):
                patch.setenv(failpoints.VARIABLE, f"{place}:raise")
                self.made.run(step, *arguments, ds=ds)
            return
        jobs: Forks = self.request.getfixturevalue("jobs")
        home = self.made.home
        env = {"LSIF_HOME": str(home), "LSIF_CONFIG": str(home / "shop.toml")}
        env["MLFLOW_TRACKING_URI"] = f"sqlite:///{home}/mlflow.db"
        action = {"step": step, "arguments": [*arguments, "--ds", ds], "env": env, "log": str(home / "log")}
        (end,) = jobs.run(action, failpoint=f"{place}:{how}")
        assert end.code == ENDS[how], (home / "log").read_text()


Fails = Callable[[Shop], Failing]


@pytest.fixture
def failing(request: pytest.FixtureRequest) -> Fails:
    return lambda made: Failing(made, request)


def one_champion(tables: Tables, *among: str) -> None:
    """MLflow names one of these; what the history told of before is told of once, in order."""
    assert Registry().aliases()["champion"] in among
    numbers = [row["seq"] for row in History.read(tables).rows]
    assert numbers == list(range(1, len(numbers) + 1))


# --- promotions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "how"), ways(PLACES["promote"], ("after_champion",)))
def test_a_promotion_that_fails_leaves_one_champion(
    place: str, how: str, champion: Shop, failing: Fails, tally: Tally
) -> None:
    tables, two = champion.tables, another(gate="PASS")
    before = shown(tables)
    words = ("promote", "--version", two, "--by", "ann", "--reason", "better")
    failing(champion).run(place, how, "move_alias", *words)
    one_champion(tables, "1", two)
    tally.add(PLACE.format("promotions"), partial=shown(tables) != before)

    champion.run("move_alias", *words)
    one_champion(tables, two)
    history = History.read(tables)
    moves = [(row["from_version"], row["to_version"]) for row in history.rows if row["alias"] == "champion"]
    assert history.aliases() == Registry().aliases() and Registry().aliases()["previous"] == "1"
    last = [row for row in history.rows if row["alias"] == "champion"][-1]
    assert last["reason"] == "better" and "somebody" not in last["who"]
    partial = shown(tables) != before
    tally.add(RETRY.format("promotions"), partial, lost=moves[-1] != ("1", two), doubled=len(moves) != 2)


@pytest.mark.parametrize(("place", "how"), ways(PLACES["rollback"], ("after_rollback",)))
def test_a_rollback_that_fails_is_not_undone_by_its_retry(
    place: str, how: str, champion: Shop, failing: Fails, tally: Tally
) -> None:
    two, words = another(gate="PASS"), ("rollback", "--by", "bob", "--reason", "sales fell")
    champion.run("move_alias", "promote", "--version", two)
    failing(champion).run(place, how, "move_alias", *words)
    one_champion(champion.tables, "1")
    champion.run("move_alias", *words)
    one_champion(champion.tables, "1")
    aliases, history = Registry().aliases(), History.read(champion.tables)
    assert history.aliases() == aliases and aliases["previous"] == two and Registry().version(two).rolled_back
    tally.add(RETRY.format("rollbacks"), doubled=history.champions() != ["1", two])
    champion.run("move_alias", *words, "--force")  # a second one, meant so, undoes the first
    one_champion(champion.tables, two)


@pytest.mark.parametrize("count", [2, pytest.param(60, marks=pytest.mark.long)])
def test_of_two_promotions_at_once_one_stands_and_both_are_told_of(
    count: int, champion: Shop, tmp_path: Path, tally: Tally
) -> None:
    for number, order in enumerate(orders(count)):
        two_at_once(order, f"promoted {number}", tmp_path / str(number), tally)


# --- trainings --------------------------------------------------------------------------------------------------------


def newest() -> "Version":
    return Registry().versions()[-1]


@pytest.mark.long
def test_a_training_killed_everywhere_is_fitted_once_and_registered_once(
    trained: Shop, failing: Fails, tally: Tally
) -> None:
    before = shown(trained.tables)
    for place in PLACES["train"]:
        failing(trained).run(place, "kill", "train", ds=WEEK_LATER)
        tally.add(PLACE.format("trainings"), partial=shown(trained.tables) != before)
    registered_once(trained, tally)


@pytest.mark.parametrize(("place", "how"), ways(PLACES["train"]))
def test_a_training_that_fails_is_registered_by_its_retry(
    place: str, how: str, trained: Shop, failing: Fails, tally: Tally
) -> None:
    before = shown(trained.tables)
    failing(trained).run(place, how, "train", ds=WEEK_LATER)
    tally.add(PLACE.format("trainings"), partial=shown(trained.tables) != before)
    registered_once(trained, tally)


@pytest.mark.long
def test_a_training_whose_mlflow_goes_after_the_fit_is_registered_when_it_is_back(trained: Shop, tally: Tally) -> None:
    port = free_port()
    with trained.patch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        with mlflow_on_sqlite(trained.home, port) as server:

            def reached(name: str) -> None:
                if name == "after_training":
                    end(server)

            patch.setattr(failpoints, "reached", reached)
            assert "no answer; is it running" in trained.run("train", ds=WEEK_LATER, code=OutageError.exit_code)
            patch.setattr(failpoints, "reached", None)
        with mlflow_on_sqlite(trained.home, port):
            registered_once(trained, tally)


def registered_once(trained: Shop, tally: Tally) -> None:
    """A plain retry fits nothing, and there is one version more."""
    trained.run("train", ds=WEEK_LATER)
    line = trained.tables.read("runs").sort_by("seq").to_pylist()[-1]
    assert "nothing is fitted again" in line["note"] and line["model_version"] == newest().number == "2"
    assert (
        Registry().aliases()["challenger"] == "2" and Registry().load("2").trained_through == newest().trained_through
    )
    history = History.read(trained.tables)
    moves = [row for row in history.rows if row["alias"] == "challenger"]
    assert history.aliases() == Registry().aliases() and "somebody" not in moves[-1]["who"]
    tally.add(RETRY.format("trainings"), lost=len(Registry().versions()) < 2, doubled=len(moves) > 2)
