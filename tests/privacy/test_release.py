"""What leaves the house: noise of the size that it says, drawn once, nothing of few users, nothing that others move."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lsif.differential import Differential
from lsif.privacy.noise import margin, noisy_groups, threshold
from lsif.privacy.release import Judged, of_groups, of_items
from lsif.tables import Tables
from tests.report import made
from tests.scripts import run_job

DRAWS, METRIC = 200, "ndcg@10"
GROUPS = ("country", "new_users", "activity")
JUDGED = Judged(METRIC, ["for_you", "discover"], GROUPS)


def test_a_group_of_one_user_shows_as_rarely_as_delta_says_and_large_ones_do() -> None:
    epsilon, delta, most = 2.0, 0.2, 2
    shown = Counter(name for _ in range(DRAWS) for name in noisy_groups({"one": 1, "many": 90}, epsilon, delta, most))
    assert shown["many"] == DRAWS
    assert 0 < shown["one"] < 0.2 * DRAWS, "delta / most is .1 at most, and five standard deviations are .1"


@pytest.mark.parametrize(("epsilon", "delta", "most"), [(2.0, 0.2, 2), (1 / 3, 5e-6, 5), (30.0, 1e-9, 1)])
def test_the_threshold_is_the_least_that_delta_allows(epsilon: float, delta: float, most: int) -> None:
    ratio = np.exp(-epsilon / most)
    steps = threshold(epsilon, delta, most) - 1  # that noise has to lift one user by
    assert ratio**steps / (1 + ratio) <= delta / most < ratio ** (steps - 1) / (1 + ratio)


def test_intervals_hold_the_numbers_without_noise_in_nineteen_of_twenty_draws() -> None:
    how = Differential(user_items=3)
    scores = {("for_you", "users=all"): (9_000, 0.31), ("for_you", "user.country=FR"): (2_000, 0.12)}
    truth = {("*", "item=ale"): 500, **{(*cell, "users"): n for cell, (n, _) in scores.items()}}
    held: Counter[str] = Counter()
    for _ in range(2 * DRAWS):
        for row in of_items({"ale": 500}, 1.0, how) + of_groups(scores, 1.0, how, JUDGED):
            known = {"users": truth.get((row["list"], row["segment"], "users")), "takers_7d": 500}
            value = known.get(row["metric"]) or scores[row["list"], row["segment"]][1]
            held[row["metric"]] += row["low"] <= value <= row["high"]
    shares = {name: count / DRAWS / (2 if name == "takers_7d" else 4) for name, count in held.items()}
    assert shares.keys() == {"users", "takers_7d", f"lsif.{METRIC}"}
    assert min(shares.values()) > 0.88 and max(shares["users"], shares["takers_7d"]) < 1, "or they are too wide"


def test_noise_covers_all_groups_that_a_user_is_in_at_once() -> None:
    """Two lists by three segments, whichever are there today: noise for six that one user changes together."""
    scores = {("for_you", segment): (10**6, 0.5) for segment in ("users=all", "user.country=FR")}
    rows = [row for _ in range(300) for row in of_groups(scores, 1.0, Differential(), JUDGED)]
    off = [row["value"] - 10**6 for row in rows if row["metric"] == "users"]
    assert len(off) == 600
    assert np.std(off) == pytest.approx(6 * np.sqrt(2), rel=0.25)
    assert margin(1.0, 6) == pytest.approx(6 * np.log(20))


SETTINGS = """
[users]
path = "users.csv"
format = "csv"
columns = { user_id = "id", attributes = ["country", "city", "age"] }
[fairness]
user_groups = ["activity", "history_length", "country", "city"]
[privacy]
release_epsilon = 3000
user_items = 1
min_users = 2
delta = 1e-9
"""
CUT = ("user.activity=low", "user.history_length=long", "user.city=Bonn", "user.city=(other)")
STRANGE = ("user.age=40", "variant=a")


@pytest.fixture
def night(home: Path, tables: Tables) -> Path:
    """A home with a night on which lists were judged, users who are told apart, and little noise."""
    made.nights(tables, many=1)
    made.measured(tables, made.DS)
    (home / "shop.toml").write_text((home / "shop.toml").read_text() + SETTINGS)
    rows = tables.read("metrics_daily", [made.DS]).drop_columns("ds").to_pylist()
    more = [made.metric("for_you", f"lsif.{METRIC}", 0.3, segment) for segment in (*CUT, *STRANGE)]
    more.append(made.metric("of_before", f"lsif.{METRIC}", 0.3))
    made.write(tables, "metrics_daily", made.DS, rows + more)
    return home


class Release:
    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._to = patch, capture

    def __call__(self, *words: str, ds: str = made.DS, code: int = 0) -> str:
        return run_job(*self._to, "release", "--ds", ds, *words, code=code)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Release:
    return Release(monkeypatch, capsys)


def released(tables: Tables) -> dict[tuple[str, str, str], float]:
    rows = tables.read("released", [made.DS]).to_pylist()
    return {(row["list"], row["metric"], row["segment"]): row["value"] for row in rows}


def test_a_release_is_drawn_once_and_its_page_shows_nothing_else(night: Path, tables: Tables, run: Release) -> None:
    assert "epsilon 3000, delta 1e-09; all releases of this home 3000" in run()
    found = released(tables)
    assert found["for_you", f"lsif.{METRIC}", "user.country=DE"] == pytest.approx(0.25, abs=0.01)
    assert found["for_you", "users", "user.country=IS"] == pytest.approx(7, abs=1)
    assert not {segment for _, _, segment in found} & set(CUT), "who else is there decides on these"
    assert not {segment for _, _, segment in found} & set(STRANGE), "settings say what users are told apart by"
    assert {name for name, _, _ in found} == {"*", *made.LISTS}
    items = {segment: value for (_, metric, segment), value in found.items() if metric == "takers_7d"}
    assert items and all(value >= 2 for value in items.values())
    assert "noise that is drawn again (--force) says more" in run()
    assert released(tables) == found
    page = (night / "reports/released" / f"{made.DS}.html").read_text()
    assert "epsilon 3000" in page and "Item of number" in page and "country: DE" in page
    assert not any(user in page for user in made.USERS)
    assert "<script>alert" not in page
    run("--force")
    told = released(tables)
    assert (told["*", "epsilon", "users=all"], told["*", "delta", "users=all"]) == (6000, 2e-9)


def test_a_day_that_was_not_judged_yet_is_not_released(night: Path, tables: Tables, run: Release) -> None:
    later = "2017-11-21"
    made.write(tables, "history_tiles", later, [{"user_id": "a", "item_id": "i00", "days": []}])
    said = run(ds=later, code=2)
    assert "metrics_daily" in said and later in said
    assert tables.days("released") == []


def test_few_users_show_nothing_and_without_noise_nothing_leaves(night: Path, tables: Tables, run: Release) -> None:
    config = night / "shop.toml"
    config.write_text(config.read_text().replace("min_users = 2\n", "min_users = 5000\n"))
    run()
    assert {metric for _, metric, _ in released(tables)} == {"epsilon", "delta"}
    assert "No number of this day is large enough" in (night / "reports/released" / f"{made.DS}.html").read_text()
    config.write_text(config.read_text().replace("release_epsilon = 3000\n", ""))
    assert "release_epsilon is not set" in run("--force", code=2)
