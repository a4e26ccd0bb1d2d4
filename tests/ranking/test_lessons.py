"""What a training reads of the tables: in files or in memory, of all users or of some who are drawn."""

import numpy as np
import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.evaluation.judgement import judgement
from lsif.features.draw import chances
from lsif.features.evening import evening
from lsif.learning import trial as trials
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.lessons import AGAIN, lessons, lessons_in_files
from lsif.learning.step import Example
from lsif.learning.trial import trial
from lsif.ranking.night import lists_at, parts_at
from lsif.registry import Registry
from tests.ranking.harness import CUTOFFS, Shop

pytest_plugins = ["tests.ranking.harness"]
AT = Cutoffs(7, CUTOFFS[2], CUTOFFS[1], (CUTOFFS[0],))


def some(settings: Settings, examples: int) -> Settings:
    return settings.model_copy(update={"training": settings.training.model_copy(update={"examples": examples})})


def equal(one: Example, other: Example) -> None:
    assert one.snapshot.user_ids == other.snapshot.user_ids
    for of in ("snapshot", "targets"):
        for name, values in vars(getattr(one, of)).items():
            if name not in ("ds", "user_ids"):
                np.testing.assert_array_equal(values, getattr(getattr(other, of), name), name)


def test_lessons_in_files_are_those_in_memory_and_leave_nothing(trained: Shop) -> None:
    here = lessons(trained.tables, AT, trained.settings)
    with lessons_in_files(trained.tables, AT, trained.settings) as there:
        assert (there.active, there.drawn) == (here.active, here.drawn) == (25, 25)
        for one, other in zip((*here.learn, here.stop), (*there.learn, there.stop), strict=True):
            equal(one, other)
        assert len(list((trained.home / "scratch").iterdir())) == 1
    assert not list((trained.home / "scratch").iterdir())


def test_of_many_users_some_are_drawn_by_who_they_are(trained: Shop) -> None:
    """And every one of them has all that he or she took, although the share falls from day to day."""
    whole = lessons(trained.tables, AT, trained.settings).learn[0]
    few = lessons(trained.tables, AT, some(trained.settings, 12))
    rows = np.flatnonzero(chances(whole.snapshot.user_ids, f"example {CUTOFFS[0]}") < int(12 / AGAIN) / 25)
    assert (few.active, few.drawn) == (25, len(set(whole.snapshot.user_ids.take(pa.array(rows)).to_pylist())))
    assert 0 < few.drawn < 25
    equal(few.learn[0], Example(whole.snapshot.only(rows), whole.targets.only(rows)))


def test_everybody_is_learned_from_as_known_now_and_some_again_as_known_before(trained: Shop) -> None:
    read = lessons(trained.tables, AT, trained.settings)
    shot, took = read.learn[0].snapshot, read.learn[0].targets
    ids = shot.user_ids.to_pylist()
    again, now = ids[:-25], ids[-25:]
    assert now == sorted(set(ids)) and 0 < len(again) == len(set(again)) < 12
    whose = np.array([len(again) + now.index(user) for user in again])
    assert (shot.user_features[: len(again)] != shot.user_features[whose]).any(axis=1).all(), "other things are known"
    np.testing.assert_array_equal(took.only(np.arange(len(again))).item, took.only(whose).item)
    assert len(read.stop.snapshot) == len(set(read.stop.snapshot.user_ids.to_pylist())), "early stopping sees each once"


def test_marks_of_streamed_lists_are_those_of_one_table(trained: Shop) -> None:
    tables, settings, model = trained.tables, trained.settings, Registry().load("1")
    at, days = evening(tables, AT.judge, settings, None), AT.days_after(AT.judge)
    events = tables.read("events", days)
    whole = lists_at(tables, AT.judge, settings, model, told=False)
    parts = (whole.slice(start, 7) for start in range(0, len(whole), 7))
    streamed = judgement({"lsif": parts}, at, events, settings)
    assert streamed == judgement({"lsif": [whole]}, at, events, settings)
    assert streamed and {row["list"] for row in streamed} == set(settings.lists)
    assert pa.concat_tables(parts_at(tables, AT.judge, settings, model, at.people.ids.to_pylist())).equals(whole)


def test_a_trial_says_of_how_many_it_judged_how_many(trained: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Registry().load("1")
    found = trial(trained.tables, AT, trained.settings, model, None)
    params = Registry().client.get_run(Registry().version("1").run_id).data.params
    assert (found.users, found.active) == (23, 23)
    assert (params["drawn.examples"], params["drawn.trial_users"]) == ("25 of 25", "23 of 23")
    monkeypatch.setattr(trials, "MOST_USERS", 9)
    fewer = trial(trained.tables, AT, trained.settings, model, None)
    assert (fewer.users, fewer.active) == (9, 23)
    assert max(row["n"] for row in fewer.comparison) == 9
