"""What the command line looks up in the tables and the registry."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from lsif.config import Interest, load_settings
from lsif.errors import LsifError
from lsif.experiments.served import Served, serving
from lsif.places import airflow_url, tracking_uri
from lsif.privacy.lines import check_key, ids_behind
from lsif.privacy.naming import stored_user
from lsif.ranked_list import ItemLists
from lsif.tables import Tables

if TYPE_CHECKING:
    from lsif.ranking.trained import TrainedModel
    from lsif.ranking.why import Way
    from lsif.registry import Registry

Row = dict[str, Any]
Rows = list[Row]


def recommendations(
    user: str, ds: str | None = None, name: str | None = None, only: Interest | None = None
) -> tuple[str, Rows]:
    """A user's published lists with the titles of their items.

    Args:
        user: user id.
        name: only this list.
        only: what the day's model would list by long or by short interest alone, instead of what is published.
        ds: day; None shows the newest that is published (for people only: no job ever reads "the newest").

    Returns:
        The day and the rows by list and rank.

    Raises:
        LsifError: nothing is published, or nothing for that day or user, or no model that tells interests apart.
    """
    stored = tables()
    known = user_in(stored, user)
    day = _published(stored, ds)
    rows = _in_order(stored.read("recommendations", [day], filter=pc.field("user_id") == known).to_pylist())
    if not rows:
        raise LsifError(f"user {user!r} has no list on ds={day}: no event of that user had arrived by then")
    if name and not any(row["list"] == name for row in rows):
        there = ", ".join(dict.fromkeys(row["list"] for row in rows))
        raise LsifError(f"user {user!r} has no list {name!r} on ds={day}, but {there}")
    if only:
        rows = _in_order(_by_interest(stored, day, known, rows[0]["model_version"], only))
    rows = [row for row in rows if name in (None, row["list"])]
    return day, with_titles(day, rows)


def ways(user: str, item: str, ds: str | None, name: str | None) -> tuple[str, str, "list[tuple[Way, Row]]", Served]:
    """What became of an item in a user's lists of a published day: the day, the model's version, for each list a way
    and the row that is published (empty where there is none), and what the lists are made by.

    Raises:
        LsifError: as `recommendations`, or nothing is known of the user or the item.
    """
    from lsif.ranking.night import ways_at

    stored, settings = tables(), load_settings()
    day, user = _published(stored, ds), user_in(stored, user)
    listed = stored.read("recommendations", [day], ["model_version"], pc.field("user_id") == user)
    listed = listed if len(listed) else stored.read("recommendations", [day], ["model_version"])
    version, by = listed["model_version"][0].as_py(), serving(stored, day, settings, user)
    found = ways_at(stored, day, by.settings, model_of(version), user, item)
    if name and name not in settings.lists:
        raise LsifError(f"there is no list {name!r}, but {', '.join(settings.lists)}")
    own = (pc.field("user_id") == user) & (pc.field("item_id") == item)
    rows = {row["list"]: row for row in stored.read("recommendations", [day], filter=own).to_pylist()}
    return day, version, [(one, rows.get(one.name, {})) for one in found if name in (None, one.name)], by


def with_titles(ds: str, rows: Rows) -> Rows:
    """Rows that name an item, with its title as of a day."""
    titles = _titles(tables(), ds, [row["item_id"] for row in rows])
    return [{**row, "title": titles.get(row["item_id"])} for row in rows]


def beside(item: str, ds: str | None = None, name: str | None = None) -> tuple[str, Rows]:
    """The lists beside an item, with the titles of what is in them.

    Args:
        ds: day; None shows the newest that has any.
        name: only this list.

    Returns:
        The day and the rows by list and rank.

    Raises:
        LsifError: there is no such list, none on that day, or none of that item.
    """
    stored, there = tables(), list(ItemLists.model_fields)
    if name not in (None, *there):
        raise LsifError(f"there is no list {name!r} beside items, but {', '.join(there)}")
    days = {one: stored.days(one) for one in there if name in (None, one)}
    day = ds or max((day for of_one in days.values() for day in of_one), default="any day")
    if not any(day in of_one for of_one in days.values()):
        raise LsifError(f"no list beside items is made for {day}: name them in [item_lists] and run the night")
    own = pc.field("item_id") == item
    rows = [
        {"list": one, **row} for one in days for row in stored.read(one, [day], filter=own).sort_by("rank").to_pylist()
    ]
    if not rows:
        raise LsifError(f"nothing stands beside item {item!r} on ds={day}: it is not available, or nothing is near it")
    titles = _titles(stored, day, [row["other_item_id"] for row in rows])
    return day, [{**row, "title": titles.get(row["other_item_id"])} for row in rows]


def interests(user: str, ds: str | None = None) -> tuple[str, Rows]:
    """A user's themes: the day and the rows, the heaviest of each column first.

    Raises:
        LsifError: nothing is written, or nothing for that day or user.
    """
    stored = tables()
    day = ds or max(stored.days("user_interests"), default=None)
    if day is None or day not in stored.days("user_interests"):
        raise LsifError(f"no interests are written for {day or 'any day'}: run jobs/user_interests.py --ds ...")
    own = pc.field("user_id") == user_in(stored, user)
    rows: Rows = stored.read("user_interests", [day], filter=own).to_pylist()
    if not rows:
        raise LsifError(f"user {user!r} has no interests on ds={day}: nothing that has a theme, or opted out")
    return day, sorted(rows, key=lambda row: (row["attribute"], -row["long_weight"] - row["short_weight"]))


def user_in(stored: Tables, user: str) -> str:
    """What the tables call a user whom a person names."""
    settings = load_settings()
    check_key(stored, settings)
    return stored_user(settings, user)


def named_in(stored: Tables, users: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """What the tables call users whom a person names; and the ids of those whom they call otherwise."""
    settings = load_settings()
    check_key(stored, settings)
    names = {user: stored_user(settings, user) for user in users}
    ids = {name: user for user, name in names.items() if name != user}
    return list(names.values()), ids_behind(stored, settings, set(names.values()) - ids.keys()) | ids


def _published(stored: Tables, ds: str | None) -> str:
    day = ds or max(stored.days("recommendations"), default=None)
    if day is None or day not in stored.days("recommendations"):
        raise LsifError(f"no list is published for {day or 'any day'}: run `lsif trigger --ds ...`")
    return day


def _by_interest(stored: Tables, ds: str, user: str, version: str, only: Interest) -> Rows:
    from lsif.ranking.night import lists_at
    from lsif.ranking.rows import FALLBACK, NO_MODEL

    if version == NO_MODEL:
        raise LsifError(f"ds={ds} was scored without a model: nothing tells long from short interest")
    settings = serving(stored, ds, load_settings(), user).settings
    rows: Rows = lists_at(stored, ds, settings, _registry().load(version), [user], only).to_pylist()
    if any(row["reason_code"] == FALLBACK for row in rows):
        raise LsifError(f"nothing that user {user!r} did by ds={ds} makes an interest: the lists are the popular ones")
    return rows


def _in_order(rows: Rows) -> Rows:
    """By list, as the file names them, and rank; lists of before there were names are `for_you`."""
    named = [{**row, "list": row["list"] or "for_you"} for row in rows]
    place = {name: number for number, name in enumerate(load_settings().lists)}
    return sorted(named, key=lambda row: (place.get(row["list"], len(place)), row["list"], row["rank"]))


def versions() -> Rows:
    """Every registered version, newest first, with its aliases and what the gate and people said of it."""
    registry = _registry()
    names: dict[str, list[str]] = {}
    for alias, number in registry.aliases().items():
        names.setdefault(number, []).append(alias)
    return [
        {
            **version.tags,
            "version": version.number,
            "aliases": ", ".join(sorted(names.get(version.number, []))),
            "decided": _decided(version.tags),
        }
        for version in reversed(registry.versions())
    ]


def loaded(chosen: str) -> "TrainedModel":
    """The model of a version that a number or an alias names."""
    registry = _registry()
    return registry.load(registry.version(chosen).number)


def model_of(version: str) -> "TrainedModel | None":
    """What lists say made them: the model of that version, None where they were made without one."""
    from lsif.ranking.rows import NO_MODEL

    return None if version == NO_MODEL else _registry().load(version)


def tables_are_known() -> bool:
    """False where runs are elsewhere and nothing says where their tables are."""
    return airflow_url() is None or "LSIF_TABLES" in os.environ


def tables() -> Tables:
    """The tables that a command looks at.

    Raises:
        LsifError: runs are elsewhere and nothing says where their tables are.
    """
    if not tables_are_known():
        raise LsifError("LSIF_AIRFLOW_URL names an Airflow of its own: name its tables with LSIF_TABLES")
    return Tables(load_settings().tables)


def _decided(tags: dict[str, str]) -> str:
    """The newest decision of a person, or of a machine for one: `rolled back 2017-11-02: sales fell`."""
    if "decision" not in tags:
        return ""
    return f"{tags['decision'].replace('_', ' ')} {tags.get('decision_ds', '')}: {tags.get('decision_reason', '')}"


def moves(most: int = 10) -> Rows:
    """The last moves of aliases, the newest first; those that no night has noticed yet stand before them."""
    from lsif.registry import History

    history = History.read(tables())
    new = [{**move, "who": "somebody, not noticed by a night yet"} for move in history.moved(_registry().aliases())]
    rows = [*new, *reversed(history.rows)][:most]
    return [{**row, "from": row["from_version"], "to": row["to_version"]} for row in rows]


def steps_done(ds: str, after: int = 0) -> Rows:
    """Lines of the ledger for `ds` past the number `after`, in the order in which the steps ended."""
    of_day = (pc.field("ds") == ds) & (pc.field("seq") > after)
    lines: Rows = tables().read("runs", filter=of_day).sort_by("seq").to_pylist()
    return lines


def check_version(chosen: str) -> None:
    """Refuse a version number or alias that is not registered, before a run is spent on it.

    Raises:
        LsifError: there is none; names the aliases.
    """
    _registry().version(chosen)


def _registry() -> "Registry":
    from lsif.registry import Registry

    return Registry(tracking_uri())


def _titles(stored: Tables, ds: str, items: list[str]) -> dict[str, str]:
    """Titles in the catalogue as of `ds`."""
    delivered = stored.newest_day("items", ds)
    if delivered is None:
        return {}
    rows = stored.read("items", [delivered], ["item_id", "title"], pc.field("item_id").isin(items)).to_pylist()
    return {row["item_id"]: row["title"] for row in rows}
