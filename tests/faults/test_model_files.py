"""A night whose champion's files are not what was registered: it says so, and the version before it scores."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lsif.registry import Registry
from lsif.registry.bundle import ARRAYS, WEIGHTS
from lsif.registry.manifest import MANIFEST
from lsif.registry.registry import MODEL
from tests.faults.standing import is_staged
from tests.faults.tally import Tally
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, Shop

pytest_plugins = ["tests.ranking.harness"]
pytestmark = pytest.mark.long


def swap(folder: Path) -> None:
    weights, arrays = (folder / WEIGHTS).read_bytes(), (folder / ARRAYS).read_bytes()
    (folder / WEIGHTS).write_bytes(arrays)
    (folder / ARRAYS).write_bytes(weights)


def flip(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / WEIGHTS).write_bytes(content)


def of_another(folder: Path) -> None:
    """Whole files of a model with a manifest of their own, which is not the one that the version's tag names."""
    flip(folder)
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text() + "\n")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "missing": lambda folder: (folder / WEIGHTS).unlink(),
    "truncated": lambda folder: (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-64]),
    "flipped": flip,
    "swapped": swap,
    "from another model": of_another,
    "all gone": lambda folder: shutil.rmtree(folder.parents[1]),
}


def champion_with(change: Callable[[Path], None], place: Path) -> None:
    """Make champion a version whose files, a copy of version 1's, are changed after they were registered."""
    from mlflow.artifacts import download_artifacts

    registry = Registry()
    registry.select()
    files = Path(download_artifacts(artifact_uri=f"models:/{MODEL}/1", dst_path=str(place)))
    first = registry.client.get_model_version(MODEL, "1")
    made = registry.client.create_model_version(MODEL, files.as_uri(), first.run_id, tags=first.tags)
    change(files / "data" / MODEL)
    registry.point("champion", str(made.version))


@pytest.mark.parametrize("what", DAMAGES)
def test_a_night_says_what_is_wrong_with_the_champion_and_scores_with_the_one_before(
    what: str, champion: Shop, tmp_path: Path, tally: Tally
) -> None:
    champion.run("score_users", ds=shop.DS)
    (tmp_path / "files").mkdir()
    champion_with(DAMAGES[what], tmp_path / "files")
    said = champion.run("score_users", ds=NEXT_DAY)
    told = f"score_users ds={NEXT_DAY}: WARN missing_champion: "
    (line,) = [line for line in said.splitlines() if line.startswith(told)]
    assert line.endswith("scored with version 1 instead")
    by = champion.tables.staged("recommendations", NEXT_DAY).notes["model_version"]
    tally.add("a champion's files, damaged", partial=by != "1")


def test_with_no_version_that_is_whole_the_night_stops_and_the_last_lists_stay(
    champion: Shop, tmp_path: Path, tally: Tally
) -> None:
    champion.night()
    before = champion.tables.content_hash("recommendations", shop.DS)
    (tmp_path / "files").mkdir()
    champion_with(flip, tmp_path / "files")
    Registry().client.delete_model_version(MODEL, "1")
    said = champion.run("score_users", ds=NEXT_DAY, code=2)
    assert len([line for line in said.splitlines() if line.startswith("score_users.py: ")]) == 1
    assert said.strip().splitlines()[-1].startswith(f"score_users.py: no version can score {NEXT_DAY}: ")
    tables = champion.tables
    lost = tables.days("recommendations") != [shop.DS] or tables.content_hash("recommendations", shop.DS) != before
    tally.add("a champion's files, damaged", partial=is_staged(tables, "recommendations", NEXT_DAY), lost=lost)
