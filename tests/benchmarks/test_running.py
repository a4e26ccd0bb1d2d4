"""Lists of a rival are kept until its code, its setting or what it was given changes."""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.quality.__main__ import arguments, chosen
from benchmarks.quality.before import made_before
from benchmarks.quality.bench import chosen_settings
from benchmarks.quality.logs import LOGS
from benchmarks.quality.rivals import DEFAULT, OURS, RIVALS, Rival, ours, title
from benchmarks.quality.running import fingerprint, run
from benchmarks.quality.window import window
from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.evening import Evening
from lsif.tables import Tables
from tests.ranking import shop

QUALITY = Path(__file__).resolve().parents[2] / "benchmarks" / "quality"

SCRIPT = """
import json, sys
import polars as pl
given, settings, out = (sys.argv[n] for n in (2, 4, 6))
with open(given + "/calls", "a") as calls:
    calls.write("called\\n")
numbers = range(len(json.loads(settings)))
pl.DataFrame({"setting": pl.Series(numbers, dtype=pl.Int32), "item_id": [str(n) for n in numbers]}).write_parquet(out)
report = {"seconds": [0.0 for _ in numbers], "peak_bytes": 1, "versions": {}}
open(out.replace(".parquet", ".json"), "w").write(json.dumps(report))
"""


@pytest.fixture
def given(home: Path) -> Path:
    folder = home / "given"
    folder.mkdir()
    for name in ("events.parquet", "items.parquet", "users.parquet", "cut.json"):
        (folder / name).write_text(name)
    fingerprint(folder)
    return folder


@pytest.fixture
def calls(tmp_path: Path, given: Path) -> Callable[[str], int]:
    """`calls(name)` runs a rival of that name, and says how often it was really called so far."""
    script = tmp_path / "rival.py"
    script.write_text(SCRIPT)

    def called(name: str, days: int = 7) -> int:
        run(Rival(name, script, None, ()), ({"days": days},), given)
        return (given / "calls").read_text().count("called")

    return called


def test_kept_lists_are_not_made_again(calls: Callable[..., int]) -> None:
    assert (calls("popularity"), calls("popularity")) == (1, 1)


def test_another_setting_or_log_is_made(calls: Callable[..., int], given: Path) -> None:
    calls("popularity")
    assert calls("popularity", days=14) == 2
    (given / "events.parquet").write_text("one event more")
    fingerprint(given)
    assert calls("popularity") == 3


def test_settings_of_the_product_are_no_peer_s_affair(calls: Callable[..., int], home: Path) -> None:
    calls("popularity")
    calls(OURS)
    with (home / "shop.toml").open("a") as config:
        config.write("\n[training]\nmax_epochs = 2\n")
    assert calls("popularity") == 2
    assert calls(OURS) == 3


def test_the_same_log_in_other_files_is_the_same_input(tmp_path: Path, settings: Settings) -> None:
    log, items = shop.events(), shop.catalogue()
    marks = []
    for name, order in {"one": log, "other": log[::-1]}.items():
        tables = Tables(str(tmp_path / name))
        shop.write_log(tables, settings, log, items, [shop.DS])
        shop.write(tables, "events", shop.table("events", shop.event_rows(order)), tables.days("events"))
        given = window(tables, settings, "2017-06-20", tmp_path / f"given {name}").given
        fingerprint(given)
        marks.append((given / "inputs.sha256").read_text())
    assert marks[0] == marks[1]


def test_a_peer_of_one_setting_has_nothing_to_choose() -> None:
    assert set(chosen_settings(RIVALS["lightgbm_rich"], []).values()) == {0}


def test_peers_have_their_script_and_pinned_environment() -> None:
    assert set(DEFAULT) < set(RIVALS)
    assert RIVALS["replay_sasrec"].requirements
    for rival in RIVALS.values():
        assert rival.script.exists()
        assert 1 <= len(rival.grid) <= 12
        lines = rival.requirements.read_text().split() if rival.requirements else []
        assert all(line.count("==") == 1 for line in lines)


def test_sequence_models_are_left_out_unless_asked_for() -> None:
    assert not {"sasrec", "hstu", "control", "replay_sasrec"} & set(DEFAULT)


def test_two_runs_on_one_log_do_not_meet(tmp_path: Path, given: Path) -> None:
    """The first has made its lists, and not yet taken them, when the second one makes others of the same name."""
    script = tmp_path / "rival.py"
    slow = "from pathlib import Path\nimport time\n"
    slow += 'mark = Path(given) / json.loads(settings)[0]["own"]\nmark.touch()\n'
    slow += 'while len(list(Path(given).glob("run-*"))) < 2:\n    time.sleep(0.01)\n'
    script.write_text(SCRIPT.replace("numbers = ", slow + "numbers = ").replace("str(n) for n", "mark.name for n"))

    def lists(own: str) -> set[str]:
        return set(run(Rival("popularity", script, None, ()), ({"own": own},), given).lists["item_id"])

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(lists, ("run-1", "run-2"))) == [{"run-1"}, {"run-2"}]
    assert not [file for file in given.iterdir() if file.suffix == ".parquet" and file.name.startswith("popularity")]


def test_some_cuts_are_looked_at_of_an_own_log_too(home: Path) -> None:
    cuts = ["2017-01-0" + str(day) for day in range(1, 5)]
    words = ["--source", str(home / "shop.toml"), "--cuts", ",".join(cuts), "--from", cuts[0], "--to", cuts[-1]]
    (whole,) = chosen(arguments(words))
    assert (whole.validation, whole.test) == (tuple(cuts[:2]), tuple(cuts[2:]))
    (some,) = chosen(arguments([*words, "--only", f"{cuts[1]},{cuts[3]}"]))
    assert (some.validation, some.test) == ((cuts[1],), (cuts[3],))


def test_an_evening_is_read_once_for_all_settings_and_lists(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(sys, "path", [str(QUALITY), *sys.path])
    ours = importlib.import_module("ours")
    read: list[list[str]] = []

    class Counted:
        ids = pa.array(["a", "b"])

        def blocks(self, ids: pa.Array) -> Iterator[str]:
            read.append(ids.to_pylist())
            yield from ids.to_pylist()

    opened: list[str] = []

    def evening(tables: Tables, ds: str, settings: Settings, encoder: str) -> Evening:
        opened.append(encoder)
        return Evening(ds, Counted(), Counted(), *[pa.table({})] * 4)

    monkeypatch.setattr(ours, "evening", evening)
    evenings = ours.Evenings("2017-06-30")
    for seed in range(3):
        at = evenings.of(ours.overridden(settings, {"seed": seed, "model.width": 8}), "hashing")
        for ids in (at.people.ids, at.people.ids.slice(1)):
            assert list(at.people.blocks(ids)) == ids.to_pylist()
            assert list(at.earlier.blocks(ids)) == ids.to_pylist()
    assert opened == ["hashing"]
    assert sorted(read) == [["a", "b"]] * 2 + [["b"]] * 2
    evenings.of(ours.overridden(settings, {"interests.recent_days": 7}), "hashing")
    assert opened == ["hashing"] * 2


def test_a_log_of_parquet_files_takes_another_setting(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its defaults for files of CSV are not among what is checked again."""
    monkeypatch.setattr(sys, "path", [str(QUALITY), *sys.path])
    ours = importlib.import_module("ours")
    columns = {"event_id": "id", "user_id": "user", "item_id": "item", "event_time": "at"}
    source = {"path": "landing/{ds}.parquet", "format": "parquet", "event_type": "click", "columns": columns}
    places = {"home": settings.home, "tables": settings.tables}
    given = Settings.model_validate({"sources": {"clicks": source}, "event_types": {"click": 1.0}, **places})
    found = ours.overridden(given, {"seed": 5, "model.width": 8})
    assert (found.training.seed, found.model.width, found.sources) == (5, 8, given.sources)


def test_a_setting_that_is_another_stands_beside_the_product_s_own() -> None:
    given = arguments(["--change", "training.examples=1000", "--change", 'model.fusion="convex"']).change
    grid = ours(2, (), given).grid
    assert [title(choice) for choice in grid[::2]] == [
        "lsif",
        "lsif training.examples = 1000",
        "lsif model.fusion = convex",
    ]
    assert [choice["seed"] for choice in grid] == [1, 2] * 3
    with pytest.raises(SystemExit):
        arguments(["--change", "training.examples"])


def test_lists_of_another_version_are_those_in_its_folder(
    tmp_path: Path, given: Path, calls: Callable[..., int]
) -> None:
    calls(OURS)
    log, cuts = LOGS["completejourney"], ["2017-11-02", "2017-11-09"]
    for cut in cuts:
        shutil.copytree(given / OURS, tmp_path / "work" / log.name / "cuts" / cut / OURS)
    found = made_before(tmp_path / "work", log, cuts)
    assert [(one.lists["item_id"].to_list(), one.seconds) for one in found] == [(["0"], [0.0])] * 2
    calls(OURS, days=14)
    shutil.copytree(given / OURS, tmp_path / "work" / log.name / "cuts" / cuts[1] / OURS, dirs_exist_ok=True)
    with pytest.raises(LsifError, match="2017-11-02: 1, 2017-11-09: 2"):
        made_before(tmp_path / "work", log, cuts)
    with pytest.raises(LsifError, match="2017-11-02: 0"):
        made_before(tmp_path / "elsewhere", log, cuts)
