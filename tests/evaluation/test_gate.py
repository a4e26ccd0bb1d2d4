"""The gate's decisions, one by one."""

import pytest

from lsif.config import Gate
from lsif.evaluation.compare import Comparison
from lsif.evaluation.gate import Rival, verdict

NOBODY = "there is no champion yet"
RIVAL = Rival(version="3", trained_through="2017-10-16")


def comparison(lsif: float, popularity: float, champion: float | None = None) -> Comparison:
    values = {"lsif": lsif, "popularity_28d": popularity, "champion": champion}
    rows: Comparison = [
        {"metric": "ndcg@10", "list": "for_you", "contender": name, "value": value}
        for name, value in values.items()
        if value is not None
    ]
    return [*rows, {"metric": "recall@10", "list": "for_you", "contender": "lsif", "value": 0.0}]


@pytest.mark.parametrize(
    ("rows", "rival", "status", "reason"),
    [
        (comparison(0.3, 0.1), NOBODY, "PASS", "there is no champion yet"),
        (comparison(0.1, 0.1), NOBODY, "HOLD", "ndcg@10 0.1000 = 0.1000 of popularity_28d"),
        (comparison(0.1, 0.2), NOBODY, "HOLD", "ndcg@10 0.1000 < 0.2000 of popularity_28d"),
        (comparison(0.295, 0.1, 0.3), RIVAL, "PASS", "98% of champion 3's 0.3000"),
        (comparison(0.293, 0.1, 0.3), RIVAL, "HOLD", "ndcg@10 0.2930 < 98% of champion 3's 0.3000"),
        (comparison(0.9, 0.1, 0.3), Rival("4", "2017-10-24"), "HOLD", "no fair comparison"),
        (comparison(0.9, 0.1, 0.3), Rival("4", "2017-10-23"), "PASS", "champion 4"),
    ],
)
def test_verdict(rows: Comparison, rival: Rival | str, status: str, reason: str) -> None:
    decision = verdict(rows, "2017-10-23", rival, Gate())
    assert decision.status == status
    assert any(reason in sentence for sentence in decision.reasons)


def test_every_reason_is_given_even_when_the_first_already_holds() -> None:
    assert len(verdict(comparison(0.1, 0.2, 0.3), "2017-10-23", RIVAL, Gate()).reasons) == 2


def test_no_other_list_may_fall_behind_by_more_than_the_margin() -> None:
    own = [{**row, "list": "buy_again"} for row in comparison(0.29, 0.1, 0.3)]
    decision = verdict([*comparison(0.4, 0.1, 0.3), *own], "2017-10-23", RIVAL, Gate())
    assert decision.status == "HOLD"
    assert any(reason.startswith("buy_again: ndcg@10 0.2900 < 98%") for reason in decision.reasons)


def test_the_list_that_must_win_is_a_setting_and_one_of_own_items_has_to_beat_counting_them() -> None:
    rows: Comparison = [
        {"metric": "ndcg@10", "list": "buy_again", "contender": name, "value": value}
        for name, value in {"lsif": 0.3, "frequency": 0.4}.items()
    ]
    assert verdict(rows, "2017-10-23", NOBODY, Gate(list="buy_again")).status == "HOLD"
    assert verdict(rows, "2017-10-23", NOBODY, Gate(list="discover")).reasons == [
        "nobody could be judged on the list discover"
    ]
