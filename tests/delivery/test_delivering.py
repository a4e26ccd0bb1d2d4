"""What every destination does: whole loads, one switch, forward unless told; and what is left when somebody dies."""

import os
import signal
from collections.abc import Callable

import pytest
import valkey

from lsif.delivery import Place, Published, delivered, holds, opened
from lsif.errors import LsifError, Superseded
from tests.delivery.conftest import Given, Target, many, of_day

FRIDAY, SATURDAY, SUNDAY = "2017-10-27", "2017-10-28", "2017-10-29"


def test_a_newer_day_takes_the_place_of_the_older_whole(target: Target) -> None:
    assert target.deliver(Given(FRIDAY, many(5))) == "load 1 is live"
    assert target.lists() == of_day(FRIDAY, many(5))
    assert target.deliver(Given(SATURDAY, many(3, "j"))) == "load 2 is live"
    assert target.lists() == of_day(SATURDAY, many(3, "j"))
    target.deliver(Given(SUNDAY, many(4)))
    assert target.lists() == of_day(SUNDAY, many(4))
    assert target.stored() == {"2", "3"}, "the last one stays, no other"


def test_texts_arrive_as_they_are(target: Target) -> None:
    odd = [
        "",
        " ",
        "a,b",
        'q"u"o',
        "li\nne",
        "tab\t",
        "back\\slash",
        "\\N",
        "\\.",
        "NULL",
        "Käse 🧀",
        "'; DROP TABLE x; --",
    ]
    lists = {("for_you", user): odd for user in ("a:b", 'u"1', "日本", "u*[1]", "%s")}
    target.deliver(Given(FRIDAY, lists))
    assert target.lists() == of_day(FRIDAY, lists)


def test_the_same_lists_are_no_work_unless_they_are_to_be_written_again(target: Target) -> None:
    target.deliver(Given(FRIDAY, many(2)))
    assert target.deliver(Given(FRIDAY, many(2))) == "load 1 is live already"
    assert target.deliver(Given(FRIDAY, many(2)), again=True) == "load 2 is live"
    assert target.deliver(Given(FRIDAY, many(3), of="made again")) == "load 3 is live"
    assert target.lists() == of_day(FRIDAY, many(3))


def test_two_loads_without_somebody_leave_nothing_of_them(target: Target) -> None:
    """As a purge delivers: the live lists, twice, since the load before the live one stays."""
    for ds in (FRIDAY, SATURDAY):
        target.deliver(Given(ds, many(3), of=ds))
    left = {key: items for key, items in many(3).items() if key[1] != "u001"}
    target.deliver(Given(SATURDAY, left, of="purged"), back=True, again=True)
    assert target.lists() == of_day(SATURDAY, left) and "u001" in target.users(), "in the load before"
    target.deliver(Given(SATURDAY, left, of="purged"), back=True, again=True)
    assert target.lists() == of_day(SATURDAY, left) and target.users() == {"u000", "u002"}


def test_an_older_day_comes_back_only_when_it_is_meant(target: Target) -> None:
    for ds in (FRIDAY, SATURDAY):
        target.deliver(Given(ds, many(2), of=ds))
    said = target.deliver(Given(FRIDAY, many(2), of=FRIDAY), again=True)
    assert said == f"not delivered: the lists of {SATURDAY} are live, and newer (--back goes back)"
    assert target.lists() == of_day(SATURDAY, many(2))
    assert "live" in target.deliver(Given(FRIDAY, many(2), of=FRIDAY), back=True)
    assert target.lists() == of_day(FRIDAY, many(2))
    with opened("shop", target.destination) as place:
        assert holds(place, FRIDAY, back=True) and not holds(place, SATURDAY, back=True)
        assert holds(place, SATURDAY, back=False), "what a person took back does not come up by itself"
        assert not holds(place, SUNDAY, back=False)
    target.deliver(Given(SUNDAY, many(2)))
    assert target.lists() == of_day(SUNDAY, many(2))


def test_in_sql_the_last_load_is_kept_and_going_back_to_it_writes_nothing(postgres: Target) -> None:
    for ds in (FRIDAY, SATURDAY):
        postgres.deliver(Given(ds, many(2)))
    assert postgres.deliver(Given(FRIDAY, {}), back=True) == "load 1 was still there and is live again"
    assert postgres.lists() == of_day(FRIDAY, many(2))
    assert postgres.deliver(Given(SATURDAY, {})) == "load 2 was still there and is live again"
    assert postgres.lists() == of_day(SATURDAY, many(2))


# --- somebody dies ----------------------------------------------------------------------------------------------------


def die(*args: object, **named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(target: Target, given: Published, patch: Callable[[Place], None] = lambda place: None) -> None:
    """Deliver in a process of its own, which does not survive it."""
    if not (child := os.fork()):
        try:
            with opened("shop", target.destination) as place:
                patch(place)
                delivered(place, given)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def before(step: str) -> Callable[[Place], None]:
    return lambda place: setattr(place, step, die)


def in_the_switch(place: Place) -> None:
    """When a part of it was said to the database, or would have been."""
    place._show = valkey.client.Pipeline._execute_transaction = die  # type: ignore[attr-defined,method-assign]


DEATHS = {"before the switch": before("switch"), "in the switch": in_the_switch, "after the switch": before("sweep")}


@pytest.mark.parametrize("point", ["in mid-load", "before the switch", "in the switch", "after the switch"])
def test_a_killed_delivery_leaves_whole_lists_and_a_retry_ends_it(target: Target, point: str) -> None:
    target.deliver(Given(FRIDAY, many(4)))
    new = Given(SATURDAY, many(6, "j"), between=die if point == "in mid-load" else lambda: None)
    killed(target, new, DEATHS.get(point, lambda place: None))
    switched = point == "after the switch"
    assert target.lists() == (of_day(SATURDAY, many(6, "j")) if switched else of_day(FRIDAY, many(4)))

    assert "live" in target.deliver(Given(SATURDAY, many(6, "j")))
    assert target.lists() == of_day(SATURDAY, many(6, "j"))
    for ds in (SUNDAY, "2017-10-30"):
        target.deliver(Given(ds, many(1)))
    assert len(target.stored()) == 2, "what the dead one left is gone"


def test_a_killed_first_delivery_leaves_nothing_to_see(target: Target) -> None:
    killed(target, Given(FRIDAY, many(4), between=die))
    with opened("shop", target.destination) as place:
        assert place.live() is None
    target.deliver(Given(FRIDAY, many(4)))
    assert target.lists() == of_day(FRIDAY, many(4))


# --- two at once ------------------------------------------------------------------------------------------------------


def test_of_two_at_once_one_wins_and_the_other_says_so(target: Target) -> None:
    target.deliver(Given(FRIDAY, many(2)))
    meanwhile = Given(SUNDAY, many(3, "j"))
    late = Given(SATURDAY, many(4), between=lambda: target.deliver(meanwhile))
    with pytest.raises(Superseded, match=r"^another delivery was first: load 3 (of ds=2017-10-29 )?is live$"):
        target.deliver(late)
    assert target.lists() == of_day(SUNDAY, many(3, "j"))
    assert "2" not in target.stored()


def test_of_two_first_ones_too(target: Target) -> None:
    with pytest.raises(Superseded, match="another delivery was first"):
        target.deliver(Given(FRIDAY, many(2), between=lambda: target.deliver(Given(FRIDAY, many(3), of="other"))))
    assert target.lists() == of_day(FRIDAY, many(3))


@pytest.mark.parametrize("before_them", [True, False])
def test_the_first_switch_wins_whoever_began_first(target: Target, before_them: bool) -> None:
    if before_them:
        target.deliver(Given(FRIDAY, many(2)))
    early, late = Given(SATURDAY, many(3)), Given(SUNDAY, many(4))
    with opened("shop", target.destination) as place:
        seen = place.live()
        numbers = [place.begin(one.load) for one in (early, late)]
        rows = [place.write(number, one.batches()) for number, one in zip(numbers, (early, late), strict=True)]
        place.switch(numbers[0], early.load, rows[0], seen)
        place.sweep(numbers[0])
        with pytest.raises(Superseded, match="another delivery was first"):
            place.switch(numbers[1], late.load, rows[1], seen)
    assert target.lists() == of_day(SATURDAY, many(3)) and len(target.stored()) == 2 + before_them


# --- rows that do not arrive ------------------------------------------------------------------------------------------


def test_lists_that_are_not_whole_are_never_switched_to(target: Target) -> None:
    target.deliver(Given(FRIDAY, many(2)))
    twice = Given(SATURDAY, many(2))
    twice._tables_of.append(twice._tables_of[0])
    with pytest.raises(LsifError):
        target.deliver(twice)
    assert target.lists() == of_day(FRIDAY, many(2))
    short = Given(SATURDAY, many(2), between=lambda: setattr(short, "rows", short.rows + 1))
    with pytest.raises(LsifError, match=r"^9 rows were sent and 8 are there: what is live stays$"):
        target.deliver(short)
    assert target.lists() == of_day(FRIDAY, many(2)) and target.stored() == {"1"}
