"""The log that grows by its users, and the picture of what its nights cost."""

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks.interests.log import DAYS, day, day_of_events
from benchmarks.nights import report
from benchmarks.nights.crowd import EACH, Crowd
from lsif.config import load_settings


@pytest.mark.parametrize("people", [90, 900])
def test_users_have_as_many_events_whatever_their_number(people: int) -> None:
    shop = Crowd(people=people, things=50)
    events = day_of_events(shop, day(3))
    assert len(events) == people * EACH / DAYS
    assert set(pc.unique(events["user"]).to_pylist()) <= {f"u{number}" for number in range(people)}
    assert pc.max(pc.cast(pc.utf8_slice_codeunits(events["item"], 1), "int64")).as_py() < 50


@pytest.mark.parametrize(("one_list", "names"), [(True, ["for_you"]), (False, ["for_you", "buy_again", "discover"])])
def test_one_list_or_three(one_list: bool, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Crowd(people=90, things=50, one_list=one_list).deliver(tmp_path, 1)
    monkeypatch.setenv("LSIF_HOME", str(tmp_path))
    settings = load_settings(tmp_path / "shop.toml")
    assert list(settings.lists) == names
    assert pq.read_table(settings.locate(settings.sources["shop"].path, day(0))).num_rows == 90 * EACH / DAYS


def test_the_picture_has_a_line_for_each_step_also_where_a_size_lacks_one() -> None:
    cost = {"cpu": 2.0, "wall": 1.0, "peak": 3e9, "read": 1, "written": 1}
    found = {
        "5000": {"events": 9, "steps": {"train": cost, "score_users": cost}},
        "50000": {"events": 90, "steps": {"score_users": {**cost, "peak": 4e9}}},
    }
    seconds, memory = report.picture(found).axes
    lines = {line.get_label(): list(map(tuple, line.get_xydata())) for line in memory.lines}
    assert lines == {"train": [(5000, 3)], "score_users": [(5000, 3), (50000, 4)]}
    assert [list(line.get_ydata()) for line in seconds.lines] == [[2], [2, 2]]
