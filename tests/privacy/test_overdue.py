"""No rung of the ladder serves a version that learned from an erased user, once it is overdue; nor does the gate."""

from lsif.days import day_before
from lsif.privacy.erased import ask, learned, undo
from lsif.registry import Registry
from tests.privacy.conftest import version
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, Shop

PLANTED, LATER = "u007", day_before(NEXT_DAY, -1)


def test_the_night_ends_with_2_and_says_train(erasing: Shop) -> None:
    first, champion = version(shop.DS), version(shop.DS)
    Registry().point("previous", first)
    Registry().point("champion", champion)
    ask(erasing.tables, [PLANTED], shop.DS, 1, [first, champion])
    assert learned(erasing.tables) == dict.fromkeys([first, champion], NEXT_DAY)
    told = "learned from a user who was erased"
    assert told not in erasing.run("score_users", ds=NEXT_DAY, code=2), "these have no files, but are not overdue"
    said = erasing.run("score_users", ds=LATER, code=2)
    assert f"no version can score {LATER}: version {champion} {told} and could score until {NEXT_DAY}: train" in said
    assert f"version {first} {told}" in said
    assert told in erasing.run("score_users", "--model", first, ds=LATER, code=2)
    assert erasing.versions() == ["none"], "the last good lists stay"
    undo(erasing.tables, [PLANTED], NEXT_DAY)
    assert told not in erasing.run("score_users", ds=LATER, code=2)


def test_an_overdue_version_is_not_promoted(erasing: Shop) -> None:
    late = version(shop.DS)
    Registry().point("challenger", late)
    ask(erasing.tables, [PLANTED], shop.DS, 1, [late])
    assert "erased and could score until" in erasing.run("move_alias", "promote", ds=LATER, code=2)
    assert "the champion stays" in erasing.run("move_alias", "promote", "--if-passed", ds=LATER)
    erasing.run("move_alias", "promote", ds=NEXT_DAY)
    assert Registry().aliases()["champion"] == late
