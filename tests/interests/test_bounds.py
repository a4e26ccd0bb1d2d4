"""What a delivery is held against, by numbers alone."""

import pyarrow as pa
import pytest

from lsif.bounds import Checks
from lsif.interests.bounds import Ingested, ingested, match_checks, quarantine_check, shown, volume_checks

BOUNDS = Checks(min_events=10)


@pytest.mark.parametrize(("rejected", "verdict"), [(0, "pass"), (5, "pass"), (6, "fail")])
def test_a_share_of_rejected_rows_is_allowed(rejected: int, verdict: str) -> None:
    found = Ingested(100, 95 - rejected, 5, {"bad_number": rejected} if rejected else {})
    check = quarantine_check(found, 0, BOUNDS)
    assert (check.name, check.value, check.bound, check.verdict) == (
        "max_quarantined",
        rejected / 100,
        0.05,
        verdict,
    )
    assert check.note == (
        "6 of 100 rows broke a rule (bad_number 6), more than max_quarantined = 0.05" if rejected == 6 else None
    )


def test_a_day_that_is_lost_altogether_fails_whatever_the_bound() -> None:
    found = Ingested(1000, 997, 0, {"future": 2, "bad_number": 1}, emptied=("2017-03-02", "2017-03-05"))
    check = quarantine_check(found, 0, Checks(max_quarantined=1.0))
    assert check.verdict == "fail"
    assert check.note == "every row of 2017-03-02 and of 1 other days broke a rule (future 2, bad_number 1)"


def test_what_an_import_leaves_out_on_purpose_is_no_fault() -> None:
    found = Ingested(1000, 97, 0, {"before_start": 900, "bad_number": 3})
    check = quarantine_check(found, 900, BOUNDS)
    assert (check.value, check.verdict) == (0.03, "pass")
    assert quarantine_check(Ingested(0, 0, 0, {}), 0, BOUNDS).verdict == "pass"


@pytest.mark.parametrize(
    ("events", "week_before", "verdicts"),
    [
        (10, None, {"min_events": "pass"}),
        (9, None, {"min_events": "fail"}),
        (10, 99, {"min_events": "pass"}),  # too few to speak of a drop
        (10, 100, {"min_events": "pass", "max_drop": "pass"}),
        (9, 100, {"min_events": "fail", "max_drop": "fail"}),
        (500, 100, {"min_events": "pass", "max_drop": "pass"}),
    ],
)
def test_a_day_is_held_against_its_least_and_the_weekday_before(
    events: int, week_before: int | None, verdicts: dict[str, str]
) -> None:
    checks = volume_checks(events, week_before, BOUNDS)
    assert {check.name: check.verdict for check in checks} == verdicts


def test_log_and_catalogue_must_meet() -> None:
    log, known = pa.array(["1", "2", "3", "4"]), pa.array(["1", "2", "0003"])
    assert [check.verdict for check in match_checks(log, known, BOUNDS)] == ["pass"]
    (check,) = match_checks(log, known[:1], BOUNDS)
    assert (check.value, check.verdict) == (0.25, "fail")
    assert check.note == "the catalogue knows 1 of 4 items of the log, less than min_match = 0.5; not '2', '3', '4'"
    assert match_checks(log, known[:0], BOUNDS) == match_checks(log[:0], known, BOUNDS) == []


def test_a_line_shows_rules_counts_and_short_examples() -> None:
    found = Ingested(9, 4, 1, {"too_many": 1, "bad_number": 3}, remarks="max_drop accepted: holiday")
    assert ingested(found, "first").summary() == (
        "9 rows in, 4 out, 1 duplicates, 4 quarantined, "
        "first; rules broken: bad_number 3, too_many 1; max_drop accepted: holiday"
    )
    assert shown([("future", "a\n b" + "x" * 500)]) == "; for example future a b" + "x" * 157
    assert shown([]) == ""
