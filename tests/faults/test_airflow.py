"""Nights through Airflow in which something is killed: the job, who watches it, the scheduler, the api-server, both,
and the database that they share."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from lsif import services
from lsif.config import project_folder
from lsif.services.layout import Layout, endpoints
from lsif.services.processes import family, read_record
from tests.faults.tally import Tally
from tests.one_night.conftest import BACKFILL, LAST_IMPORTED, NIGHT, World, everything_up
from tests.processes import part, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(2400)]

DS = BACKFILL[0]
NEIGHBOURS = (LAST_IMPORTED, NIGHT)
PATIENCE = 600.0
"""Seconds for a step to begin, of a night on a busy machine."""
SILENCE = "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"
"""After how many seconds Airflow gives a task up whose supervisor is silent: five minutes otherwise."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world of tests/one_night, in which a task is tried again after seconds and not after two minutes."""
    dags = tmp_path_factory.mktemp("world") / "dags"
    shutil.copytree(project_folder() / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    shared = dags / "lsif_tasks.py"
    text = shared.read_text()
    assert text.count('"retry_delay": timedelta(minutes=2)') == 1
    shared.write_text(text.replace("timedelta(minutes=2)", "timedelta(seconds=5)"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SILENCE, "90")
        with everything_up(tmp_path_factory.mktemp("lists"), dags) as made:
            yield made


@pytest.fixture(scope="module")
def before(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All tables as they are before the night."""
    kept = tmp_path_factory.mktemp("before") / "tables"
    shutil.copytree(world.home / "tables", kept)
    return kept


@pytest.fixture(scope="module")
def undisturbed(world: World, before: Path) -> dict[str, str]:
    """The hashes of the night that nothing happened to."""
    world.night(DS)
    return world.hashes(DS)


# --- what is killed, and when -----------------------------------------------------------------------------------------


def dies(world: World, *names: str) -> None:
    """Parts go at once, and `lsif up` brings what is missing; with the DAGs that it had where all starts anew."""
    for name in names:
        part(world.home, name).kill()
    chosen = endpoints(Layout(world.home))
    assert chosen is not None
    services.up(world.home, dags=chosen.dags)


def running(world: World, step: str) -> psutil.Process:
    """The job of a step, as soon as it runs."""
    record = read_record(Layout(world.home), "scheduler")
    assert record is not None
    return wait_for(step, lambda: [one for one in family(record) if is_job(one, step)], PATIENCE)[0]


def is_job(process: psutil.Process, step: str) -> bool:
    """Python with the job's file: not setpriv, which becomes it, nor the task that started it."""
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        words = process.cmdline()
        return len(words) > 1 and "python" in words[0] and words[1].endswith(f"/jobs/{step}.py")
    return False


def half_way(world: World) -> psutil.Process:
    """The Spark application, whose events are there; tiles and windows come after them."""
    made = running(world, "events_to_interests")
    wait_for("day of events", lambda: world.tables.days("events", DS, DS), PATIENCE)
    return made


def the_job(world: World) -> None:
    half_way(world).kill()


def the_supervisor(world: World) -> None:
    """The job's parent runs the task, and the parent of that watches it and tells the api-server."""
    running(world, "score_users").parents()[1].kill()


def the_scheduler(world: World) -> None:
    half_way(world)
    dies(world, "scheduler")


def the_api_server(world: World) -> None:
    running(world, "score_users")
    dies(world, "api-server")


def both(world: World) -> None:
    half_way(world)
    dies(world, "scheduler", "api-server")


def the_database(world: World) -> None:
    """With it Airflow has lost what it knows until it is back: what was committed."""
    running(world, "score_users")
    dies(world, "postgres")


@pytest.mark.parametrize("disturbed", [the_job, the_supervisor, the_scheduler, the_api_server, both, the_database])
def test_a_night_in_which_something_dies_ends_as_if_nothing_had(
    disturbed: Callable[[World], None], world: World, before: Path, undisturbed: dict[str, str], tally: Tally
) -> None:
    shutil.rmtree(world.home / "tables")
    shutil.copytree(before, world.home / "tables")
    neighbours, began = world.files(*NEIGHBOURS), time.monotonic()
    run = world.airflow.trigger("lsif_nightly", DS)
    disturbed(world)
    run = world.airflow.wait_for_run(run, seconds=1500)
    if run["state"] != "success":
        world.night(DS)  # one plain retry
    tries = {task["task_id"]: (task["state"], task["try_number"]) for task in world.airflow.tasks(run)}
    print(f"{disturbed.__name__}: {run['state']} after {time.monotonic() - began:.0f} s; {tries}")
    partial, lost = world.hashes(DS) != undisturbed, world.files(*NEIGHBOURS) != neighbours
    tally.add(f"a night through Airflow: {disturbed.__name__.replace('_', ' ')} killed", partial=partial, lost=lost)
    assert services.status(world.home).is_up
    assert max(number for _, number in tries.values()) <= 2, "a second part of the night has failed by itself"
