"""Sums under encryption: exact, by whoever has no key, of what belongs together only, and read by the night."""

import stat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tenseal

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.item_features import COLUMNS, item_features
from lsif.features.vocabulary import build_index
from lsif.privacy.encrypted import LARGEST, added, decrypted, encrypted, new_keys
from lsif.privacy.takers import counted
from lsif.tables import Tables
from tests import world
from tests.scripts import run_job

DS, ITEMS = "2017-03-12", ["ale", "bun", "cod", "dip"]


@pytest.fixture(scope="module")
def keys() -> tuple[bytes, bytes]:
    return new_keys()


def test_the_sum_is_the_plain_sum_at_any_size(keys: tuple[bytes, bytes]) -> None:
    secret, public = keys
    draw = np.random.default_rng(1)
    for items in (0, 1, 9_000):
        houses = [draw.integers(-50, LARGEST, items, endpoint=True) for _ in range(3)]
        total = added([encrypted(counts, public) for counts in houses], public)
        assert decrypted(total, secret)[:items].tolist() == np.sum(houses, axis=0).tolist()


def test_who_adds_cannot_decrypt(keys: tuple[bytes, bytes]) -> None:
    parts = encrypted(np.arange(5), keys[1])
    context = tenseal.context_from(keys[1])
    assert not context.is_private()
    with pytest.raises(ValueError, match="secret_key"):
        tenseal.bfv_vector_from(context, parts[0]).decrypt()


def test_a_count_of_which_sums_might_turn_negative_is_refused(keys: tuple[bytes, bytes]) -> None:
    with pytest.raises(LsifError, match="too large to be added up"):
        encrypted(np.array([LARGEST + 1]), keys[1])


def test_no_user_counts_for_more_items_than_allowed_and_each_once() -> None:
    rows = pa.table({"user_id": ["a"] * 5 + ["b"], "item_id": ["ale", "ale", "bun", "cod", "elk", "bun"]})
    items = pa.array(ITEMS)
    assert counted([rows, rows], items, 20, DS).tolist() == [1, 2, 1, 0]
    few = counted([rows, rows], items, 2, DS)
    assert few.sum() == 3 and few.tolist() == counted([rows], items, 2, DS).tolist()


def tiles(tables: Tables, rows: list[tuple[str, str]], ds: str = DS) -> None:
    days = [{"user_id": user, "item_id": item, "days": []} for user, item in sorted(rows)]
    writer = tables.writer("history_tiles")
    writer.write(ds, world.table("history_tiles", days).drop_columns("ds"))
    writer.commit()


class House:
    """Files of one exchange, in a folder."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._to, self.folder = (patch, capture), folder
        (folder / "items.txt").write_text("".join(f"{item}\n" for item in ITEMS))

    def __call__(self, what: str, *words: str, code: int = 0, ds: str = DS) -> str:
        given = [str(self.folder / word) if "." in word else word for word in words]
        return run_job(*self._to, "encrypted_popularity", what, "--ds", ds, *given, code=code)

    def encrypts(self, to: str) -> str:
        return self("encrypt", "--public", "all.key", "--items", "items.txt", "--to", to)


@pytest.fixture
def house(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> House:
    return House(home, monkeypatch, capsys)


def test_two_houses_and_a_third_that_adds(house: House, tables: Tables) -> None:
    house("keys", "--secret", "our.key", "--public", "all.key")
    assert stat.S_IMODE((house.folder / "our.key").stat().st_mode) == 0o600
    tiles(tables, [("ann", "ale"), ("ann", "cod"), ("bob", "ale")])
    assert "without [privacy] release_epsilon" in house.encrypts("a.counts")
    assert "nothing to do" in house.encrypts("again.counts"), "the same counts with other noise say more"
    tiles(tables, [("cy", "ale"), ("cy", "bun"), ("cy", "elk")])
    house.encrypts("b.counts")
    assert "2 houses" in house("add", "--public", "all.key", "--to", "all.counts", "--counts", "a.counts", "b.counts")
    house("decrypt", "--secret", "our.key", "--items", "items.txt", "--counts", "all.counts")
    found = tables.read("shared_popularity", [DS]).select(["item_id", "count"]).to_pylist()
    assert {row["item_id"]: row["count"] for row in found} == {"ale": 3, "bun": 1, "cod": 1}


def test_what_does_not_belong_together_is_refused_in_one_line(house: House, tables: Tables) -> None:
    house("keys", "--secret", "our.key", "--public", "all.key")
    house("keys", "--secret", "other.key", "--public", "theirs.key")
    tiles(tables, [("ann", "ale")])
    tiles(tables, [("ann", "bun")], "2017-03-13")
    house.encrypts("a.counts")
    house("encrypt", "--public", "theirs.key", "--items", "items.txt", "--to", "b.counts")
    house("encrypt", "--public", "all.key", "--items", "items.txt", "--to", "c.counts", ds="2017-03-13")
    (house.folder / "more.txt").write_text("elk\nale\n")
    house("encrypt", "--public", "all.key", "--items", "more.txt", "--to", "d.counts")
    to = ("--public", "all.key", "--to", "sum.counts", "--counts", "a.counts")
    for other, why in (("b", "its key is"), ("c", "its ds is 2017-03-13"), ("d", "its size is 2"), ("a", "holds too")):
        assert why in house("add", *to, f"{other}.counts", code=2)
    assert "two houses or more" in house("add", *to, code=2)
    assert "is a file of public key" in house("add", *to, "all.key", code=2)
    assert "is there already" in house("keys", "--secret", "our.key", "--public", "all.key", code=2)
    assert "one house alone" in house(
        "decrypt", "--secret", "our.key", "--items", "items.txt", "--counts", "a.counts", code=2
    )
    whole = (house.folder / "a.counts").read_bytes()
    (house.folder / "cut.counts").write_bytes(whole[: len(whole) // 2])
    (house.folder / "bent.counts").write_bytes(whole[:5000] + b"!" + whole[5001:])
    for damaged in ("cut", "bent"):
        assert "is damaged" in house("add", *to, f"{damaged}.counts", code=2)
    assert not (house.folder / "sum.counts").exists()


def test_only_what_nobody_here_had_is_counted_as_elsewhere(settings: Settings) -> None:
    """Ann and bob took ale this week, 20 took it in all houses: here a tenth of each count is to be expected."""
    frame = world.log([("ann", "ale", DS), ("bob", "ale", DS)])
    items = world.catalogue(ITEMS)
    states = world.known(frame, DS, items, settings).states(settings)
    index = build_index(states, items, world.vectors(ITEMS), ("purchase",), world.ENCODER)
    sums = [{"item_id": "ale", "count": 20}, {"item_id": "bun", "count": 70}, {"item_id": "elk", "count": 9}]
    plain = item_features(states, index)
    empty = item_features(states, index, world.table("shared_popularity", []))
    found = item_features(states, index, world.table("shared_popularity", sums))
    assert plain.tobytes() == empty.tobytes()
    assert (found != plain).any(1).tolist() == [False, True, False, False]
    bun = dict(zip(COLUMNS, found[1].tolist(), strict=True))
    assert bun["log_new_users_7d"] == pytest.approx(np.log(7 + 0.1))
    assert bun["log_new_users_14d"] == pytest.approx(np.log(14 + 0.1))
    assert bun["log_new_users_half_life_7d"] == pytest.approx(np.log(1 / (1 - 2 ** (-1 / 7)) + 0.1))
