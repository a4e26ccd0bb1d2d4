"""Who searches for something gets it: the last searches are read as texts among the items'."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lsif.config import Settings, load_settings, project_folder
from lsif.features.evening import Evening
from lsif.features.snapshot import snapshot
from lsif.features.text import text_sha256
from lsif.features.text_encoders import HashingEncoder
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning.step import Example
from lsif.learning.targets import targets
from lsif.learning.training import fit
from lsif.ranking.scoring import recommend
from lsif.ranking.tally import Tally
from lsif.ranking.trained import TrainedModel
from tests import world
from tests.known import Known

WORDS = ("nappies", "wine", "bread", "cheese", "soap", "coffee", "apples", "batteries")
BRANDS = [f"{maker} {size}" for maker in ("alba", "boreal", "corvo") for size in ("small", "middle", "large")]
TITLES = [f"{word} {brand}" for word in WORDS for brand in BRANDS]
ITEMS = [f"i{number:02d}" for number in range(len(TITLES))]
USERS, WEEKS, START = 120, 9, date(2025, 1, 6)
NIGHT, *PAST = [str(START + timedelta(days=7 * week - 1)) for week in range(WEEKS - 1, 3, -1)]
Search = tuple[str, str, date]


def lived() -> tuple[pd.DataFrame, list[Search]]:
    """Each week three quarters search for one thing on Sunday and take two of that kind the week after; all take what
    is popular. Half come later than the others: their first Sunday's search is all that is known of them."""
    draw, rows, asked = np.random.default_rng(0), [], []
    for number in range(USERS):
        user = f"u{number:03d}"
        for week in range(number % 2 * int(draw.integers(WEEKS)), WEEKS):
            monday, wanted = START + timedelta(days=7 * week), int(draw.integers(len(WORDS)))
            rows.append((user, ITEMS[int(draw.zipf(1.6)) % len(ITEMS)], str(monday + timedelta(days=3))))
            if draw.random() < 0.75:
                asked.append((user, WORDS[wanted], monday - timedelta(days=1)))
                taken = draw.choice(len(BRANDS), 2, replace=False) + wanted * len(BRANDS)
                rows += [(user, ITEMS[item], str(monday + timedelta(days=int(draw.integers(7))))) for item in taken]
    return world.log(rows), asked


@pytest.fixture(scope="module")
def settings() -> Settings:
    own = load_settings(project_folder() / "lsif.toml")
    return own.model_copy(
        update={
            "model": own.model.model_copy(update={"width": 32, "text_encoder": "hashing"}),
            "training": own.training.model_copy(update={"batch_users": 16}),
        }
    )


@pytest.fixture(scope="module")
def shop() -> tuple[pd.DataFrame, list[Search]]:
    return lived()


def catalogue() -> pa.Table:
    rows = [
        {"item_id": item, "title": title, "category": "all", "text": title, "available": True}
        for item, title in zip(ITEMS, TITLES, strict=True)
    ]
    return world.table("items", rows)


def with_searches(known: Known, asked: Sequence[Search], days: int) -> Known:
    """What is known, and the searches of the last days of it."""
    today = date.fromisoformat(known.ds)
    of: dict[str, list[dict[str, object]]] = {}
    for user, query, day in sorted(asked, key=lambda search: search[2]):
        if today - timedelta(days=days) < day <= today:
            moment = datetime.combine(day, time(20), UTC)
            of.setdefault(user, []).append({"query": query, "event_type": "search", "event_time": moment})
    events = dict(zip(known.windows["user_id"].to_pylist(), known.windows["events"].to_pylist(), strict=True))
    rows = [
        {"user_id": user, "events": events.get(user, []), "searches": of.get(user, [])}
        for user in sorted({*events, *of})
    ]
    before = known.before and with_searches(known.before, asked, days)
    return replace(known, windows=world.table("recent_windows", rows), before=before)


def known_at(log: pd.DataFrame, asked: Sequence[Search], ds: str, settings: Settings) -> Known:
    return with_searches(world.known(log, ds, catalogue(), settings), asked, settings.interests.recent_days)


@pytest.fixture(scope="module")
def index(shop: tuple[pd.DataFrame, list[Search]], settings: Settings) -> ItemIndex:
    states = world.known(shop[0], PAST[0], catalogue(), settings).states(settings)
    texts = HashingEncoder().encode(TITLES)
    return build_index(states, catalogue(), texts, ("purchase", "search"), HashingEncoder.name)


@pytest.fixture(scope="module")
def trained(shop: tuple[pd.DataFrame, list[Search]], index: ItemIndex, settings: Settings) -> TrainedModel:
    log, asked = shop

    def example(cutoff: str) -> Example:
        at = known_at(log, asked, cutoff, settings)
        took = targets(world.events(log), index, at.ids, cutoff, settings.training.horizon_days)
        return Example(snapshot(at.users(), at.shared(index, settings), settings), took)

    model = fit([example(cutoff) for cutoff in PAST], example(NIGHT), index, settings).model
    return TrainedModel(model, index, "1", settings.interests, PAST[0])


def night(shop: tuple[pd.DataFrame, list[Search]], settings: Settings, *more: Search) -> Evening:
    log, asked = shop
    texts = HashingEncoder().encode(TITLES).tolist()
    vectors = pa.table(
        {"text_sha256": text_sha256(TITLES), "vector": texts, "encoder": [HashingEncoder.name] * len(TITLES)}
    )
    return known_at(log, [*asked, *more], NIGHT, settings).evening(vectors, settings)


def discover(rows: pa.Table, user: str) -> pd.DataFrame:
    frame = rows.to_pandas()
    own = frame[(frame["list"] == "discover") & (frame["user_id"] == user)].sort_values("rank")
    return own.assign(title=own["item_id"].map(dict(zip(ITEMS, TITLES, strict=True))))


@pytest.mark.parametrize("word", ["coffee", "soap", "batteries"])
def test_who_only_searched_gets_what_was_searched(
    shop: tuple[pd.DataFrame, list[Search]], trained: TrainedModel, settings: Settings, word: str
) -> None:
    """By their part of the score, though some may stand on being popular as well."""
    asked = ("stranger", word, date.fromisoformat(NIGHT))
    rows = recommend(trained, night(shop, settings, asked), settings, ["stranger"], tally=Tally())
    best = discover(rows, "stranger").head(5)
    assert best["title"].str.startswith(word).sum() >= 4
    searched = best["reason_code"] == "recent_interest"
    assert searched.sum() >= 3
    assert set(best["reason"][searched]) == {"Close to what you searched for."}
    assert not best["evidence"].map(len).any()


def test_a_search_changes_the_list_of_who_has_a_history(
    shop: tuple[pd.DataFrame, list[Search]], trained: TrainedModel, settings: Settings
) -> None:
    asked = ("u000", "soap", date.fromisoformat(NIGHT))
    nights = (night(shop, settings, *more) for more in ((), (asked,)))
    before, after = (
        discover(recommend(trained, at, settings, ["u000"], tally=Tally()), "u000").head(5) for at in nights
    )
    soap = after["title"].str.startswith("soap")
    assert soap.sum() > before["title"].str.startswith("soap").sum()
    searched = after["reason"] == "Close to what you searched for."
    assert searched[soap].all()
    assert (searched != (after["evidence"].map(len) > 0)).all()
