"""What fairness reads of the tables, and what its numbers are held against."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pads

from lsif.bounds import Bound, FairnessBounds
from lsif.checks import Check, within
from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.engine import engine
from lsif.evaluation.exposure import exposure_rows
from lsif.evaluation.feedback import ALL
from lsif.evaluation.groups import Past, register, user_groups
from lsif.fairness import ITEM_GROUPS, Fairness
from lsif.interests.as_of import base_and_tile_days, catalogue_at, history_inputs, in_force_inputs
from lsif.interests.bases import history_settings
from lsif.ranking.popular import appeared_lately, available_items
from lsif.ranking.rule_rows import column, item_rows
from lsif.tables import Tables

SECTION = "checks.fairness"
HELD = {
    "exposure": ("exposure_to_taken", "item.", True, "what is shown of it is {:.3g} of its share of what is taken"),
    "coverage": ("coverage", "item.", True, "lists show {:.2%} of the items"),
    "gini": ("gini", ALL, False, "Gini's coefficient of exposure over items is {:.4f}"),
    "popularity_lift": (
        "popularity_lift",
        "user.",
        False,
        "the popularity lift is {:.1f}",
    ),
    "calibration": ("calibration", "user.", False, "categories are {:.2f} nats from users' own mix"),
}
"""Bound = the metric that is held against it, for everybody and of which groups, whether little is bad, a sentence."""
NOT_HELD = "item.popularity="
"""That little taken items are shown less is what `popularity_lift` is held for."""


def fairness_inputs(tables: Tables, ds: str, settings: Settings) -> dict[str, str]:
    """Fingerprints of what `past_at` reads, but for the catalogue."""
    found = tables.fingerprints("events", recent_days(ds, settings))
    found |= history_inputs(tables, ds, history_settings(settings))
    return found | (in_force_inputs(tables, "users", ds) if tables.days("users") else {})


def recent_days(ds: str, settings: Settings) -> list[str]:
    return days_between(day_before(ds, settings.interests.recent_days - 1), ds)


NO_ITEMS = pa.schema([("item_id", pa.string())]).empty_table()


def past_at(tables: Tables, ds: str, settings: Settings, items: pa.Table = NO_ITEMS) -> Past:
    """By what groups are told as of the end of `ds`; `items` as `Past` has them, where those are told apart.

    Raises:
        MissingDays: a tile is missing that the night before should have written.
    """
    tables, days = tables.pinned(), recent_days(ds, settings)
    base, tiles = base_and_tile_days(tables, ds, history_settings(settings))
    said = tables.newest_day("users", ds)
    return Past(
        begins=days[0],
        events=tables.scan("events", days),
        base=tables.scan("long_term_histories", [base] if base else []),
        tiles=tables.scan("history_tiles", tiles),
        users=tables.scan("users", [said] if said else []),
        items=items,
    )


def shown_rows(tables: Tables, ds: str, settings: Settings, listed: pa.Table | pads.Dataset) -> pa.Table:
    """Rows `fair.*` of `metrics_daily` of a night's lists.

    Raises:
        MissingDays: as `past_at`, or the catalogue is missing.
    """
    catalogue = catalogue_at(tables, ds)
    of_users, of_items = settings.fairness.user_groups, asked_of_items(settings.fairness, catalogue)
    past = past_at(tables, ds, settings, _items(catalogue, ds, settings, of_items))
    with engine() as sql:
        return exposure_rows(sql, listed, past, of_users, of_items)


def asked_of_items(of: Fairness, catalogue: pa.Table) -> tuple[str, ...]:
    """The groups of items that are told apart, the default filled in."""
    if of.item_groups is not None:
        return of.item_groups
    known = [name for name in ("brand", "published") if catalogue[name].null_count < len(catalogue)]
    return tuple(name for name, column in ITEM_GROUPS.items() if column is None or column in known)


def _items(catalogue: pa.Table, ds: str, settings: Settings, wanted: Sequence[str]) -> pa.Table:
    ids = available_items(catalogue)
    rows = item_rows(catalogue, ids, ds)
    lately = appeared_lately(rows, ds, settings.interests.recent_days)
    names = dict.fromkeys(["category", "brand", *(name for name in wanted if name not in ITEM_GROUPS)])
    kept = {name: column(name, rows) for name in names}
    return pa.table({**kept, "item_id": ids, "appeared lately": lately})


def groups_at(tables: Tables, ds: str, settings: Settings, users: Iterable[str]) -> pa.Table:
    """Which groups of `[fairness] user_groups` these users belong to: user_id, segment."""
    with engine() as sql:
        sql.register("asked", pa.table({"user_id": pa.array(users, pa.string())}))
        sql.execute("CREATE TABLE who AS FROM asked")
        register(sql, past_at(tables, ds, settings))
        user_groups(sql, settings.fairness.user_groups)
        return sql.sql("FROM user_groups ORDER BY ALL").to_arrow_table()


def fairness_checks(rows: pa.Table, bounds: FairnessBounds, of: Fairness) -> list[Check]:
    """Rows of `shown_rows` held against their bounds: of each the worst list and group, of those of some size."""
    shown = rows.to_pylist()
    return [check for name in HELD if (check := _check(name, shown, getattr(bounds, name), of))]


def _check(name: str, rows: list[dict[str, Any]], bound: Bound, of: Fairness) -> Check | None:
    metric, whose, lowest, sentence = HELD[name]
    found = [row for row in rows if row["metric"] == f"fair.{metric}"]
    few = of.min_group if whose == "user." else 0  # of everything that is shown there is one number
    held = [row for row in found if row["segment"] == ALL and row["n"] >= few]
    held += [row for row in found if _among(whose, row) and row["n"] >= of.min_group]
    if name == "exposure":
        held = _common(held, found, of.min_share)
    if not held:
        return None
    worst = (min if lowest else max)(held, key=lambda row: (row["value"], row["list"], row["segment"]))
    where = worst["list"] + ("" if worst["segment"] == ALL else f", {worst['segment']}")
    return within(name, worst["value"], bound, f"{where}: {sentence.format(worst['value'])}", SECTION, lowest)


def _among(whose: str, row: dict[str, Any]) -> bool:
    return row["segment"].startswith(whose) and not row["segment"].startswith(NOT_HELD)


def _common(held: list[dict[str, Any]], all_groups: list[dict[str, Any]], share: float) -> list[dict[str, Any]]:
    """Those groups of items that have so much of what is taken; groups of one dimension add up to all of it."""
    taken: Counter[tuple[str, str]] = Counter()
    for row in all_groups:
        taken[_dimension(row)] += row["n"]
    return [row for row in held if row["n"] >= share * taken[_dimension(row)]]


def _dimension(row: dict[str, Any]) -> tuple[str, str]:
    return row["list"], row["segment"].partition("=")[0]
