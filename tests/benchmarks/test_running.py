"""Lists of a rival are kept until its code, its setting or what it was given changes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.quality.bench import chosen_settings
from benchmarks.quality.rivals import DEFAULT, OURS, RIVALS, Rival
from benchmarks.quality.running import fingerprint, run
from benchmarks.quality.window import window
from lsif.config import Settings
from lsif.tables import Tables
from tests.ranking import shop

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
