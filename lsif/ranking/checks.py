"""The audit of a night's rows before anyone can see them. A check fails (nothing is published) or warns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.errors import LsifError
from lsif.ranking.rows import FALLBACK, SHARES
from lsif.ranking.trained import NO_MODEL

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Expected:
    """What a night's rows must agree with.

    Attributes:
        users: sorted ids of the eligible users.
        items: sorted ids of the available items.
        k: rows per user.
    """

    users: pa.Array
    items: pa.Array
    k: int


@dataclass(frozen=True)
class Finding:
    check: str
    level: Literal["fail", "warn"]
    sentence: str

    def __str__(self) -> str:
        return f"{self.level} {self.check}: {self.sentence}"


def audit(rows: pa.Table, expected: Expected) -> list[Finding]:
    """Every check that found something, failures first."""
    found = [Finding(name, "fail", text) for name, check in FAIL.items() if (text := check(rows, expected))]
    return found + [Finding(name, "warn", text) for name, check in WARN.items() if (text := check(rows, expected))]


def passed(findings: list[Finding]) -> list[Finding]:
    """The warnings, when there is nothing worse.

    Raises:
        LsifError: a check failed; it names them all.
    """
    if failures := [str(finding) for finding in findings if finding.level == "fail"]:
        raise LsifError(f"the audit stops this list, nothing is published: {'; '.join(failures)}")
    return findings


def _row_count(rows: pa.Table, expected: Expected) -> str:
    wanted = len(expected.users) * min(expected.k, len(expected.items))
    return _unless(len(rows) == wanted, f"{len(rows):,} rows where {wanted:,} belong")


def _users(rows: pa.Table, expected: Expected) -> str:
    strangers = _outside(pc.unique(rows["user_id"]), expected.users)
    forgotten = _outside(expected.users, pc.unique(rows["user_id"]))
    text = f"users that nobody knows: {_some(strangers)}; users without a list: {_some(forgotten)}"
    return _unless(not len(strangers) and not len(forgotten), text)


def _ranks(rows: pa.Table, expected: Expected) -> str:
    wanted = min(expected.k, len(expected.items))
    lists = _by_user(rows, [("rank", "count"), ("rank", "count_distinct"), ("rank", "min"), ("rank", "max")])
    good = [lists["rank_count"], lists["rank_count_distinct"], lists["rank_max"]]
    complete = np.logical_and.reduce([np.asarray(column) == wanted for column in good])
    wrong = lists.filter(pa.array(~(complete & (np.asarray(lists["rank_min"]) == 1))))["user_id"]
    return _unless(not len(wrong), f"ranks are not 1 to {wanted} for {_some(wrong)}")


def _duplicates(rows: pa.Table, expected: Expected) -> str:
    lists = _by_user(rows, [("item_id", "count"), ("item_id", "count_distinct")])
    twice = lists.filter(pc.not_equal(lists["item_id_count"], lists["item_id_count_distinct"]))["user_id"]
    return _unless(not len(twice), f"an item twice in the list of {_some(twice)}")


def _items(rows: pa.Table, expected: Expected) -> str:
    unknown = _outside(pc.unique(rows["item_id"]), expected.items)
    return _unless(not len(unknown), f"items unknown or not available: {_some(unknown)}")


def _scores(rows: pa.Table, expected: Expected) -> str:
    ordered = rows.sort_by([("user_id", "ascending"), ("rank", "ascending")])
    score = ordered["score"].to_numpy()
    same_user = np.asarray(pc.equal(ordered["user_id"][1:], ordered["user_id"][:-1]))
    if not np.isfinite(score).all():
        return "a score is not a finite number"
    return _unless(not (same_user & (np.diff(score) > 0)).any(), "a score is higher than the one ranked before it")


def _shares(rows: pa.Table, expected: Expected) -> str:
    shares = np.stack([rows[name].to_numpy() for name in SHARES])
    good = np.isfinite(shares).all() and (shares >= 0).all() and (abs(shares.sum(0) - 1) < TOLERANCE).all()
    return _unless(bool(good), "shares are not positive parts of one")


def _one_version(rows: pa.Table, expected: Expected) -> str:
    versions = pc.unique(rows["model_version"]).to_pylist()
    return _unless(len(versions) == 1, f"model versions in one night: {versions}")


def _ids(rows: pa.Table, expected: Expected) -> str:
    distinct = pc.count_distinct(rows["recommendation_id"]).as_py()
    return _unless(distinct == len(rows), f"{len(rows) - distinct:,} recommendation ids are not their own")


def _no_model(rows: pa.Table, expected: Expected) -> str:
    return _unless(NO_MODEL not in pc.unique(rows["model_version"]).to_pylist(), "popular lists only, without a model")


def _mostly_fallback(rows: pa.Table, expected: Expected) -> str:
    share = pc.mean(pc.equal(rows["reason_code"], FALLBACK)).as_py() or 0.0
    return _unless(share <= 0.5, f"{share:.0%} of the rows are the popular fallback")


Check = Callable[[pa.Table, Expected], str]
"""Gives what is wrong, or the empty string."""

FAIL: dict[str, Check] = {
    "row_count": _row_count,
    "users": _users,
    "ranks": _ranks,
    "duplicates": _duplicates,
    "items": _items,
    "scores": _scores,
    "shares": _shares,
    "one_version": _one_version,
    "recommendation_ids": _ids,
}
WARN: dict[str, Check] = {"no_model": _no_model, "fallback": _mostly_fallback}


def _unless(good: bool, sentence: str) -> str:
    return "" if good else sentence


def _outside(ids: pa.Array, known: pa.Array) -> pa.Array:
    return ids.filter(pc.invert(pc.is_in(ids, value_set=known)))


def _by_user(rows: pa.Table, aggregations: list[tuple[str, str]]) -> pa.Table:
    return rows.group_by("user_id").aggregate(aggregations)


def _some(ids: pa.Array | pa.ChunkedArray) -> str:
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return ", ".join(map(str, ids[:3].to_pylist())) + more or "none"
