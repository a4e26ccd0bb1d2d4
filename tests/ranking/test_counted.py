"""What a night counts of what its model reads and gives: the same however users are cut, of drawn users where many."""

import numpy as np
import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.drift.profile import INPUTS, OUTPUTS, Profile
from lsif.features.item_features import COLUMNS, ITEM_FEATURES
from lsif.features.user_features import USER_FEATURES
from lsif.ranking import counted
from lsif.ranking.scoring import Night
from lsif.ranking.tally import Tally
from tests.known import Known, snapshot_of
from tests.ranking import shop

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def at(small: Settings) -> Known:
    return shop.known(shop.events(), small, shop.catalogue(unavailable=("i003",)))


def night_of(at: Known, settings: Settings) -> Night:
    vectors = shop.vectors(at.items)
    return Night(shop.trained(at, vectors, settings), at.evening(vectors, settings), settings, told=True)


def profile(night: Night, *ids: pa.Array) -> Profile:
    """Of the night's users in some parts, each by its own tally, as executors send theirs."""
    whole = Tally()
    night.count_items(whole)
    for part in ids:
        own = Tally()
        list(night.rows_of(part, own))
        whole.take(Tally.from_text(own.to_text()))
    return Profile.of_notes(whole.notes())


def test_every_number_that_the_model_reads_and_gives_is_counted(at: Known, small: Settings) -> None:
    found = profile(night_of(at, small), at.ids)
    assert {part for part, _ in found.of} == {*INPUTS, *OUTPUTS}
    shot = snapshot_of(at, shop.trained(at, shop.vectors(at.items), small).index, small)
    column = USER_FEATURES.index("log_basket_size")
    assert found.of["users", "log_basket_size"].counted == len(at.ids)
    varying = {name for name, values in zip(USER_FEATURES, shot.user_features.T, strict=True) if values.std() > 1e-3}
    assert {name for part, name in found.of if part == "users"} == varying
    middle = found.of["users", "log_basket_size"]
    mean = (middle.first + np.arange(len(middle.counts)) + 0.5) @ middle.counts * 2.0**middle.width / middle.counted
    assert mean == pytest.approx(shot.user_features[:, column].mean(), abs=2.0**middle.width)
    history = [one for (part, name), one in found.of.items() if part == "history"]
    assert {one.counted for one in history} == {len(shot.history_item)}
    assert not {name for part, name in found.of if part == "history"} & {*ITEM_FEATURES}
    items = {name: one.counted for (part, name), one in found.of.items() if part == "items"}
    assert items.keys() <= {*COLUMNS, "without_text", "without_category", "unseen_category"}
    assert set(items.values()) == {len(at.items) - 1}, "what is not available no list may hold"
    assert found.of["score", "for_you"].counted == 5 * len(at.ids)


def test_parts_add_up_to_the_whole(at: Known, small: Settings) -> None:
    night = night_of(at, small)
    whole = profile(night, at.ids).to_text()
    assert profile(night, at.ids.slice(0, 11), at.ids.slice(11, 1), at.ids.slice(12)).to_text() == whole
    assert profile(night_of(at, shop.small(small, chunk_users=3)), at.ids).to_text() == whole


def test_of_many_users_some_are_drawn_the_same_each_time(
    at: Known, small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "USERS", 10)
    some = profile(night_of(at, small), at.ids)
    assert 0 < some.of["users", "log_basket_size"].counted < len(at.ids)
    assert profile(night_of(at, small), at.ids.slice(0, 7), at.ids.slice(7)).to_text() == some.to_text()


def test_nobody_counts_where_nobody_asks(at: Known, small: Settings) -> None:
    vectors = shop.vectors(at.items)
    night = Night(shop.trained(at, vectors, small), at.evening(vectors, small), small)
    tally = Tally()
    list(night.rows_of(at.ids, tally))
    assert tally.profile.of == {}
