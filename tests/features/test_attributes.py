"""What is said of items, as groups: nothing without it, and with it what a user took leads to what goes with it."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lsif.config import Settings
from lsif.features.attributes import Labels, attribute_inputs, label, labels_of
from lsif.features.group_features import group_feature_names
from lsif.features.item_features import COLUMNS, item_features
from lsif.features.text import text_sha256
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.tables import Tables
from tests.known import Known, snapshot_of
from tests.world import catalogue, known, log, table, vectors

DS, MADE_BY, NAMES = "2017-06-30", "m@1", ("kind", "use")
ITEMS = ["a-1", "a-2", "b-1", "c-1"]
SAID = {
    "a-1": {"kind": "jar", "use": "kitchen", "goes_with": ["spoon"]},
    "a-2": {"kind": "jar", "use": None, "goes_with": []},
    "b-1": {"kind": "spoon", "use": "kitchen", "goes_with": ["jar", "cup"]},
}


def rows(said: dict[str, dict[str, Any]], made_by: str = MADE_BY, known_from: str = DS) -> pa.Table:
    """Rows of `item_attributes` about items whose text is their id."""
    model, prompt = made_by.split("@")
    stamp = {"prompt_version": prompt, "model": model, "known_from": known_from}
    found = [
        {
            "text_sha256": text_sha256([item])[0],
            "kind": one["kind"],
            "words": item,
            "attributes": [{"name": "use", "value": one["use"], "words": item}] if one["use"] else [],
            "goes_with": [{"kind": kind, "words": item} for kind in one["goes_with"]],
            **stamp,
        }
        for item, one in said.items()
    ]
    return table("item_attributes", found)


def labels(item_ids: list[str], said: dict[str, dict[str, Any]] = SAID) -> Labels:
    return labels_of(catalogue(item_ids), rows(said), MADE_BY, NAMES)


@pytest.fixture
def at(settings: Settings) -> Known:
    of = [("u1", "a-1", "2017-06-28"), ("u1", "c-1", "2017-06-01"), ("u2", "b-1", "2017-06-20")]
    return known(log(of), DS, catalogue(ITEMS), settings)


def index(at: Known, settings: Settings, said: Labels | None) -> ItemIndex:
    return build_index(at.states(settings), at.items, vectors(ITEMS), ("purchase",), "made-up", said)


def test_labels_are_those_of_the_text_and_of_one_model_alone() -> None:
    others = pa.concat_tables([rows({"c-1": SAID["b-1"]}, "other@1"), rows({"c-1": SAID["b-1"]}, "m@2"), rows(SAID)])
    found = labels_of(catalogue(["c-1", "b-1", "a-2"]), others, MADE_BY, NAMES)
    spoon, jar, cup = (label("kind", kind) for kind in ("spoon", "jar", "cup"))
    assert found.value.tolist() == [[0, 0], [spoon, label("use", "kitchen")], [jar, 0]]
    assert found.goes_with.tolist() == [[0, 0, 0], [jar, cup, 0], [0, 0, 0]]
    assert len({spoon, jar, cup, label("use", "jar")}) == 4


def test_groups_hold_what_is_said_to_be_alike_and_nothing_holds_what_nothing_is_said_of(
    at: Known, settings: Settings
) -> None:
    groups = index(at, settings, labels(ITEMS)).groups
    assert groups.levels == ("category", "kind", "said_kind", "said_use", "goes_with")
    kind, use, lead = groups.of[:, 2].tolist(), groups.of[:, 3].tolist(), groups.of[:, 4].tolist()
    assert kind[0] == kind[1] and len(set(kind)) == 3
    assert use[0] == use[2] and len(set(use)) == 3
    assert lead[0] == lead[1] and len(set(lead)) == 3
    assert groups.leads is not None
    jar, spoon = lead[0], lead[2]
    assert groups.leads[0].tolist() == [spoon, -1, -1]
    assert groups.leads[2][0] == jar and groups.leads[2][1] not in {-1, *lead}
    numbers = [set(groups.of[:, level].tolist()) for level in range(5)]
    assert sum(map(len, numbers)) == len(set.union(*numbers))


def test_without_labels_groups_and_features_are_what_they_were(at: Known, settings: Settings) -> None:
    plain, said = index(at, settings, None), index(at, settings, labels(ITEMS))
    assert plain.groups.levels == ("category", "kind") and plain.groups.leads is None
    np.testing.assert_array_equal(plain.groups.of, said.groups.of[:, :2])
    states = at.states(settings)
    features, more = item_features(states, plain), item_features(states, said)
    assert (features.shape[1], more.shape[1]) == (len(COLUMNS), len(COLUMNS) + 3 * len(NAMES))
    np.testing.assert_array_equal(features, more[:, : len(COLUMNS)])
    assert snapshot_of(at, plain, settings).group_features.shape[1] == len(
        group_feature_names(settings.interests.half_lives_days)
    )


def test_what_a_user_took_speaks_of_its_kind_and_leads_to_what_goes_with_it(at: Known, settings: Settings) -> None:
    of = index(at, settings, labels(ITEMS))
    shot, names = snapshot_of(at, of, settings), group_feature_names(settings.interests.half_lives_days, NAMES)
    first = {int(shot.group[n]): dict(zip(names, shot.group_features[n].tolist(), strict=True)) for n in range(4)}
    jars, kitchen, spoons = of.groups.of[0, 2], of.groups.of[0, 3], of.groups.of[2, 4]
    assert set(first) == {1, jars, kitchen, spoons}  # and the category of a-1
    assert shot.group_start.tolist()[1] == 4
    levels = ("is_kind", "is_said_kind", "is_said_use", "is_goes_with")
    assert [[first[group][name] for name in levels] for group in (1, jars, kitchen, spoons)] == [
        [0, 0, 0, 0],
        *np.eye(4)[1:].tolist(),
    ]
    assert {np.round(np.expm1(row["log_age"]), 4) for row in first.values()} == {2}


def test_new_items_bring_labels_and_the_stored_part_keeps_its_own(at: Known, settings: Settings) -> None:
    own = index(at, settings, labels(ITEMS))
    later = SAID | {"d-1": SAID["a-1"], "a-1": SAID["b-1"]}
    grown = own.extended(catalogue(["a-1", "d-1"]), vectors(["a-1", "d-1"]), labels(["a-1", "d-1"], later))
    assert grown.labels is not None and own.labels is not None
    assert grown.labels.value[-1].tolist() == own.labels.value[0].tolist() == grown.labels.value[0].tolist()
    assert grown.groups.of[-1, 2] == grown.groups.of[0, 2]
    arrays, named = grown.to_artifacts()
    back = ItemIndex.from_artifacts(arrays, json.loads(json.dumps(named)))
    assert back.labels is not None and (back.labels.made_by, back.labels.names) == (MADE_BY, NAMES)
    np.testing.assert_array_equal(back.labels.value, own.labels.value)
    np.testing.assert_array_equal(back.labels.goes_with, own.labels.goes_with)
    assert "labels" not in index(at, settings, None).to_artifacts()[1]


def test_a_night_knows_the_attributes_of_its_day_and_none_are_no_input(tables: Tables) -> None:
    assert attribute_inputs(tables, DS) == {}
    tables.append("item_attributes", rows(SAID))
    assert attribute_inputs(tables, "2017-06-29") == {}
    first = attribute_inputs(tables, DS)
    assert first == attribute_inputs(tables, "2017-12-31") != {}
    tables.append("item_attributes", rows({"c-1": SAID["b-1"]}, known_from="2017-07-01"))
    assert attribute_inputs(tables, DS) == first != attribute_inputs(tables, "2017-07-01")
