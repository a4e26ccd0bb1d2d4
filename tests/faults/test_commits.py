"""The commit protocol: killed at random, two writers at a barrier, and two writers in every order of their steps."""

import random
import signal
import time
from itertools import combinations
from pathlib import Path

import pytest

from lsif.errors import Superseded
from lsif.tables import Tables
from tests.faults import steps
from tests.faults.forks import End, Forks
from tests.faults.standing import begun, doubled, whole, writers
from tests.faults.tally import Tally
from tests.faults.writing import DAYS, ROWS, opened

QUICK = 10
"""Kills and rounds in `make test`; all of them run in `make test-faults`."""
SEED = 1


def write(root: Path, tag: str) -> dict[str, str]:
    return {"what": "write", "root": str(root), "tag": tag}


@pytest.mark.parametrize("kills", [QUICK, pytest.param(600, marks=pytest.mark.long)])
def test_kills_at_random_moments_leave_whole_days(kills: int, forks: Forks, tally: Tally, tmp_path: Path) -> None:
    tables, chance, was, killed = begun(tmp_path), random.Random(SEED), "first", 0
    forks.run(write(tmp_path, was))  # waits for the imports
    longest_ms = 0.0  # the first kill comes at once, any other within the time of the write before it
    for number in range(4 * kills):
        tag = f"round{number}"
        (end,) = forks.run(write(tmp_path, tag), kill_after_ms=chance.uniform(0, longest_ms))
        assert end.code in (0, -signal.SIGKILL), end
        killed += end.code != 0
        shown = writers(tables, DAYS[0])
        partial = not whole(tables, dict.fromkeys(DAYS, was), dict.fromkeys(DAYS, tag))
        lost = end.said == "done" and set(shown) != {tag}
        tally.add("kills of a commit at random moments", partial, lost, doubled(tables))
        started = time.perf_counter()
        (end,) = forks.run(write(tmp_path, tag))
        longest_ms = 1000 * (time.perf_counter() - started)
        tally.add("their plain retries", not whole(tables, dict.fromkeys(DAYS, tag)), end.code != 0, doubled(tables))
        was = tag
        if number % 100 == 99:
            tables.tidy("item_tiles", keep_days=0)
        if killed == kills:
            return
    pytest.fail(f"{killed} of {4 * kills} were killed before their end")


@pytest.mark.parametrize("rounds", [QUICK, pytest.param(300, marks=pytest.mark.long)])
@pytest.mark.parametrize("there", [True, False], ids=["known days", "new days"])
def test_of_two_writers_at_a_barrier_one_wins(
    rounds: int, there: bool, forks: Forks, tally: Tally, tmp_path: Path
) -> None:
    tables, was = begun(tmp_path), "old"
    for number in range(rounds if there else rounds // 5):
        if not there:
            tables = begun(tmp_path / str(number))
            tables.remove("item_tiles", DAYS)
        tags = [f"a{number}", f"b{number}"]
        ends = forks.run(*(write(Path(tables.root), tag) for tag in tags), together=True)
        judge(tables, tags, ends, was, tally)
        was = next(iter(writers(tables, DAYS[0])))


def judge(tables: Tables, tags: list[str], ends: list[End], was: str, tally: Tally) -> None:
    """Exactly one says that it is done, and its rows are there; the other says who was first."""
    won = [tag for tag, end in zip(tags, ends, strict=True) if end.said == "done"]
    assert sorted(end.code for end in ends) == [0, Superseded.exit_code], (ends, was)
    lost = [set(writers(tables, ds)) for ds in DAYS] != [set(won)] * len(DAYS)
    tally.add("two writers at a barrier", not whole(tables, dict.fromkeys(DAYS, won[0])), lost, doubled(tables))


@pytest.mark.parametrize("rival", ["write", "publish"])
@pytest.mark.parametrize("every", [25, pytest.param(1, marks=pytest.mark.long)], ids=["some", "all"])
def test_two_writers_in_every_order_of_their_steps(rival: str, every: int, tally: Tally, tmp_path: Path) -> None:
    """Five steps of a writer (open and write, prepare, compare, swap, tidy) and those of another, or of a publisher."""
    for number, order in enumerate(orders(5, 5)[::every]):
        two_at_once(order, rival, str(tmp_path / str(number)), tally)


def two_at_once(order: str, rival: str, root: str, tally: Tally) -> None:
    tables, days = Tables(root), DAYS if rival == "write" else DAYS[:1]
    opened(tables, "old", days).commit()
    opened(tables, "b", DAYS[:1]).stage(tag="b")

    def one() -> None:
        opened(tables, "a", days).commit()

    def other() -> None:
        if rival == "write":
            opened(Tables(root), "b", days).commit()
        else:
            Tables(root).staged("item_tiles", DAYS[0]).commit()

    ends = steps.run(order, one, other)
    shown = [writers(tables, ds) for ds in days]
    said_done = [tag for tag, end in zip("ab", ends, strict=True) if end is None]
    assert all(end is None or isinstance(end, Superseded) for end in ends), (order, ends)
    lost = [set(tags) for tags in shown] not in [[{tag}] * len(days) for tag in said_done]
    mixed = any(tags != shown[0] for tags in shown)
    doubled = max(sum(tags.values()) for tags in shown) > ROWS
    tally.add("two writers in an order of their steps", mixed, lost, doubled)


def orders(first: int, second: int) -> list[str]:
    """Every way to shuffle so many steps of `a` with so many of `b`, each in its order."""
    places = range(first + second)
    return ["".join("a" if at in chosen else "b" for at in places) for chosen in combinations(places, first)]
