"""Who gets which variant: by shares, for ever, and whatever else is going on."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from lsif.experiment import Experiment
from lsif.experiments.assignment import parted, places, variants_of

USERS = pa.array([f"user-{n}" for n in range(100_000)])


def experiment(**shares: float) -> Experiment:
    variants: dict[str, Any] = {name: {"share": share, "model": name} for name, share in shares.items()}
    next(iter(variants.values())).pop("model")
    days = {"from": date(2024, 3, 1), "through": date(2024, 3, 7)}
    return Experiment.model_validate({"name": "fresh", **days, "variants": variants})


def test_shares_are_met_within_a_hundredth() -> None:
    for shares in ({"a": 0.5, "b": 0.5}, {"a": 0.9, "b": 0.1}, {"a": 0.2, "b": 0.3, "c": 0.5}):
        found = variants_of(USERS, experiment(**shares)).to_pylist()
        assert all(abs(found.count(name) / len(USERS) - share) < 0.01 for name, share in shares.items())


def test_a_user_is_where_the_hash_says_on_every_machine() -> None:
    users = pa.array(["385", "", "ünï", "长"])
    assert places(users, "fresh").tolist() == PLACES
    halves = {"a": 0.5, "b": 0.5}
    assert parted(users, "fresh", halves).to_pylist() == ["a", "a", "b", "a"]


PLACES = [0.1561306442328304, 0.04051585068737373, 0.8751476053672533, 0.028084276980051337]


def test_order_and_company_do_not_matter_and_salts_part_anew() -> None:
    halves = {"a": 0.5, "b": 0.5}
    whole = parted(USERS, "one", halves)
    assert parted(USERS, "one", dict(reversed(halves.items()))).equals(whole)
    assert parted(USERS[7:9], "one", halves).equals(whole[7:9])
    other = parted(USERS, "two", halves)
    both = np.mean(np.asarray(whole) == np.asarray(other))
    assert abs(both - 0.5) < 0.01, "another salt's halves are independent"
    assert len(parted(USERS[:0], "one", halves)) == 0
