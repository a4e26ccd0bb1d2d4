"""The purge: whoever is on the list of erased users leaves every byte that is ours, and a receipt says so.

It may be killed at any point and run again: what it finds then is what is left, and a plan beside the receipts knows
what there was. A night at work beside it may lose a file that it was about to show or to read, stops, and is run again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsif.config import Settings
from lsif.delivery import Published, delivered, opened
from lsif.errors import LsifError, OutageError
from lsif.interests.bases import history_settings, usable_bases
from lsif.privacy.erased import Line, line, lines, note, waiting
from lsif.privacy.lines import ids_behind, revealing
from lsif.privacy.look import look
from lsif.privacy.mentions import pattern
from lsif.privacy.outside import delivered_with, pages_with, strike_out
from lsif.privacy.plan import Plan
from lsif.privacy.receipts import Chain
from lsif.privacy.taken_out import TakingOut
from lsif.registry import Registry
from lsif.registry.nights import drop_page
from lsif.report.night import PAGES
from lsif.tables import Tables
from lsif.tables.erased import ASKED, ERASED, PURGED, latest
from lsif.tables.kept import TRAINING, Kept

LISTS = "recommendations"


@dataclass(frozen=True)
class Purge:
    """What a purge did.

    Attributes:
        users: pseudonyms of those who have a receipt of it.
        rows: that were taken out of the tables.
        files: data files that held them.
        left: what still may name one of them, in words, for a person.
    """

    users: tuple[str, ...] = ()
    rows: int = 0
    files: int = 0
    left: tuple[str, ...] = ()


@dataclass
class Outside:
    """What was done outside of the tables, of all users of one purge together."""

    pages: list[str] = field(default_factory=list)
    logs: dict[str, int] = field(default_factory=dict)
    landing: list[str] = field(default_factory=list)
    databases: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def purge(tables: Tables, settings: Settings, ds: str) -> Purge:
    """Take everybody on the list out of everything, as of `ds`.

    Raises:
        OutageError: MLflow or a database does not answer: nothing is lost by another try.
        LsifError: the key is missing.
    """
    users, home = tables.erased(ASKED, PURGED), settings.home
    if users is None:
        return Purge()
    tables = tables.hiding(None)
    found, registry = look(tables, users, settings), Registry()
    versions = {version.number: version.trained_through for version in registry.versions()}
    plan = Plan.read(home) or Plan(bases=usable_bases(tables, "9999-12-31", history_settings(settings)))
    plan.add(found)
    plan.write(home)
    outside = Outside(left=[f"{one}: not readable" for one in found.broken])
    if words := pattern(found.ids.values()):
        days = {ds for own in plan.users.values() for ds in own["days"]}
        behind = ids_behind(tables, settings, list(found.ids.values()))
        naming = delivered_with(settings, days, pattern([*found.ids.values(), *behind.values()]) or words)
        plan.landing = sorted({*plan.landing, *naming})
        plan.write(home)  # what is behind a pseudonym is gone with the tables
        _drop_pages(tables, registry, set(found.ids.values()), home, outside)
        outside.logs = strike_out(home, words)
        Kept(tables.root, TRAINING).drop()
        TakingOut(tables, settings, users, found, words, plan.bases).run()
        _deliver_again(tables, settings, outside)
    outside.landing = plan.landing
    last, asked = latest(tables.read(ERASED)), waiting(tables)
    due = {who: one for who, one in asked.items() if last[who] == ASKED or who in plan.users}
    _receipts(tables, home, due, ds, plan, versions, outside)
    Plan.done(home)
    counted = [one for who in due for one in plan.users.get(who, {"tables": {}})["tables"].values()]
    rows, files = (sum(one[name] for one in counted) for name in ("rows", "files"))
    return Purge(tuple(due), rows, files, tuple(outside.left))


def _drop_pages(tables: Tables, registry: Registry, ids: set[str], home: Path, outside: Outside) -> None:
    """Pages that show lists of theirs, here and in MLflow; `lsif report` makes them again."""
    for file in pages_with(tables, ids, tables.days(LISTS), home / PAGES):
        drop_page(registry, file.stem)
        file.unlink()
        outside.pages.append(file.name)


def _deliver_again(tables: Tables, settings: Settings, outside: Outside) -> None:
    """The live lists as they are now, twice: a database keeps the load before the live one, too."""
    ids = revealing(tables, settings)
    for name, destination in settings.deliver.items():
        if destination.of != LISTS:
            continue
        with opened(name, destination) as place:
            if (live := place.live()) is None:
                continue
            try:
                for _ in range(2):
                    delivered(place, Published(tables, live.ds, destination, ids), back=True, again=True)
            except OutageError:
                raise
            except LsifError as error:
                outside.left.append(f"{name}: {error}")
            else:
                outside.databases.append(name)


def _receipts(
    tables: Tables,
    home: Path,
    due: dict[str, Line],
    ds: str,
    plan: Plan,
    versions: dict[str, str],
    outside: Outside,
) -> None:
    """Write them, then their hashes on the list; those that an earlier try wrote are taken over."""
    noted = {one["receipt"] for one in lines(tables)}
    chain = Chain.read(home)
    written = {of: sha256 for sha256, of in chain.written.items() if sha256 not in noted}
    told = []
    for who, asked in due.items():
        own = plan.users.get(who, {"tables": {}, "days": []})
        first = min(own["days"], default="")
        learned = [number for number, through in versions.items() if own["tables"] and through >= first]
        sha256 = written.get(who) or chain.add(_told(who, asked, ds, own, learned, outside))
        told.append(line(who, ds, PURGED, retrain_by=asked["retrain_by"], versions=learned, receipt=sha256))
    note(tables, told)


def _told(
    who: str, asked: dict[str, Any], ds: str, own: dict[str, Any], learned: Sequence[str], outside: Outside
) -> dict[str, Any]:
    return {
        "pseudonym": who,
        "asked": asked["ds"],
        "purged": ds,
        "retrain_by": asked["retrain_by"],
        "tables": own["tables"],
        "versions_that_learned": list(learned),
        "of_all_users_of_this_purge": {
            "landing_files_to_delete": outside.landing,
            "pages_deleted": outside.pages,
            "names_struck_out_of_logs": outside.logs,
            "databases_delivered_again": outside.databases,
            "left_for_a_person": outside.left,
        },
    }
