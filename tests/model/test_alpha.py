"""Long and short mean something: they follow what was planted, and the last events."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from lsif.config import Settings, load_settings, project_folder
from lsif.features.draw import chances
from lsif.features.evening import Evening
from lsif.features.ragged import Array
from lsif.features.snapshot import joined, snapshot
from lsif.features.text import text_sha256
from lsif.features.vocabulary import build_index
from lsif.learning.lessons import BEFORE
from lsif.learning.step import Example
from lsif.learning.targets import targets
from lsif.learning.training import fit
from lsif.ranking.scoring import recommend
from lsif.ranking.tally import Tally
from lsif.ranking.trained import TrainedModel
from tests import world
from tests.planted import DAYS, ITEMS, PER_TOPIC, START, Planted, planted

USERS, CUTOFFS, LAST, SEEDS = 250, 7, 6, 3
NIGHT, *PAST = [str(START + timedelta(days=DAYS - 1 - 7 * weeks)) for weeks in range(1, CUTOFFS + 1)]


@pytest.fixture(scope="module")
def settings() -> Settings:
    own = load_settings(project_folder() / "lsif.toml")
    return own.model_copy(update={"model": own.model.model_copy(update={"width": 32})})


@pytest.fixture(scope="module")
def shop() -> Planted:
    return planted(USERS, seed=0)


@pytest.fixture(scope="module")
def models(shop: Planted, settings: Settings) -> list[TrainedModel]:
    """Of several seeds: in a shop this small they differ in how far alpha follows what was planted."""
    items, events = world.catalogue(ITEMS), world.events(shop.log)
    states = world.known(shop.log, PAST[0], items, settings).states(settings)
    index = build_index(states, items, world.vectors(items["item_id"].to_pylist()), ("purchase",), world.ENCODER)

    def example(cutoff: str) -> Example:
        """All users, and before them a fifth as known before, as a training sees them."""
        at = world.known(shop.log, cutoff, items, settings)
        assert at.before is not None
        again = np.flatnonzero(chances(at.ids, cutoff) < BEFORE * (cutoff != NIGHT))
        sides = [at.before.users().only(at.ids.take(pa.array(again))), at.users()]
        shots = [snapshot(side, at.shared(index, settings), settings) for side in sides if len(side.ids)]
        took = targets(events, index, at.ids, cutoff, settings.training.horizon_days)
        return Example(joined(shots), took.only(np.concatenate([again, np.arange(len(at.ids))])))

    learn, stop, training = [example(cutoff) for cutoff in PAST], example(NIGHT), settings.training
    seeds = [settings.model_copy(update={"training": training.model_copy(update={"seed": n})}) for n in range(SEEDS)]
    fitted = [fit(learn, stop, index, own).model for own in seeds]
    return [TrainedModel(model, index, "1", settings.interests, PAST[0]) for model in fitted]


@pytest.fixture(scope="module")
def trained(models: list[TrainedModel]) -> TrainedModel:
    return models[0]


def evening(log: pd.DataFrame, settings: Settings) -> Evening:
    items = world.catalogue(ITEMS)
    ids = items["item_id"].to_pylist()
    columns = {"text_sha256": text_sha256(items["text"].to_pylist()), "vector": world.vectors(ids).tolist()}
    vectors = pa.table({**columns, "encoder": [world.ENCODER] * len(ids)})
    return world.known(log, NIGHT, items, settings).evening(vectors, settings)


@pytest.fixture(scope="module")
def as_it_was(shop: Planted, settings: Settings) -> Evening:
    return evening(shop.log, settings)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return Tally()


@pytest.fixture(scope="module")
def night(as_it_was: Evening, trained: TrainedModel, settings: Settings, tally: Tally) -> pd.DataFrame:
    return recommend(trained, as_it_was, settings, tally=tally).to_pandas()


@pytest.fixture(scope="module")
def nights(
    night: pd.DataFrame, as_it_was: Evening, models: list[TrainedModel], settings: Settings, tally: Tally
) -> list[pd.DataFrame]:
    others = [recommend(model, as_it_was, settings, tally=tally).to_pandas() for model in models[1:]]
    return [night, *others]


def alpha(night: pd.DataFrame, name: str) -> Array:
    """Of each user's list, by user."""
    found: Array = night[night["list"] == name].groupby("user_id")["alpha"].first().sort_index().to_numpy()
    return found


def test_evidence_passes_the_test_by_deletion(nights: list[pd.DataFrame], tally: Tally) -> None:
    assert {*tally.tests} == {*nights[0]["list"]}
    for rows, held in tally.tests.values():
        assert rows >= 10 and held >= 0.8 * rows


def test_alpha_follows_the_planted_share(shop: Planted, nights: list[pd.DataFrame]) -> None:
    found = [spearmanr(alpha(night, "for_you"), shop.long_share).statistic for night in nights]
    assert np.mean(found) >= 0.5, found


def test_the_short_share_falls_where_the_lasting_taste_speaks(shop: Planted, nights: list[pd.DataFrame]) -> None:
    mine = [night[night["list"] == "for_you"] for night in nights]
    listed = [rows.groupby("user_id")["short_share"].mean().sort_index() for rows in mine]
    found = [spearmanr(share, shop.long_share).statistic for share in listed]
    assert np.mean(found) <= -0.45, found


def otherwise(log: pd.DataFrame, topics: int) -> pd.DataFrame:
    """The log in which each user's last events are of items as many topics further on, and half a topic's items."""
    past = log[log["day"] <= date.fromisoformat(NIGHT)]
    last = past.sort_values("event_time", kind="stable").groupby("user_id").tail(LAST).index
    number = log.loc[last, "item_id"].map(ITEMS.index)
    other = (number + topics * PER_TOPIC) // PER_TOPIC * PER_TOPIC + (number + PER_TOPIC // 2) % PER_TOPIC
    changed = log.copy()
    changed.loc[last, "item_id"] = [ITEMS[item % len(ITEMS)] for item in other]
    return changed


def topic_of(night: pd.DataFrame) -> pd.Series:
    """The topic that most of the first five of each user's list of new items are of."""
    new = night[(night["list"] == "discover") & (night["rank"] <= 5)]
    return new.groupby("user_id")["item_id"].agg(lambda items: items.str[0].mode()[0])


def test_lists_follow_the_topic_of_the_last_events_and_not_their_items(
    shop: Planted, as_it_was: Evening, trained: TrainedModel, settings: Settings, night: pd.DataFrame
) -> None:
    def changed(topics: int) -> pd.DataFrame:
        users = evening(otherwise(shop.log, topics), settings).people
        return recommend(trained, replace(as_it_was, people=users), settings).to_pandas()

    elsewhere, alike = changed(5), changed(0)
    assert (topic_of(elsewhere) != topic_of(night)).mean() >= 0.8
    assert (topic_of(alike) != topic_of(night)).mean() <= 0.35
    assert np.mean(alpha(elsewhere, "discover")) < np.mean(alpha(night, "discover"))


def test_lists_of_new_items_are_mostly_made_by_interest(night: pd.DataFrame) -> None:
    discover = night[night["list"] == "discover"]["reason_code"]
    assert discover.isin(["long_interest", "recent_interest"]).mean() >= 0.6
