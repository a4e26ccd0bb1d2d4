"""The steps that take in a whole list, of products or of users: what each depends on and does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from lsif.checks import hold
from lsif.errors import LsifError
from lsif.intake.files import delivered_files, identity
from lsif.intake.places import NothingDelivered
from lsif.interests.as_of import in_force_inputs
from lsif.interests.bounds import EXAMPLES, Ingested, ingested, mending, shown
from lsif.interests.catalogue_days import Lists
from lsif.interests.listed import QUARANTINE, Listed
from lsif.interests.quarantine import replace_rejects
from lsif.job import Counts, Job
from lsif.privacy.key import key_of
from lsif.privacy.lines import add_lines
from lsif.sources import Catalogue, Users
from lsif.tables import Tables

Judge = Callable[[str], Listed]


def list_inputs(job: Job, table: str, given: Catalogue | Users) -> dict[str, str]:
    """Identities of the delivered files; on a day for which none came, the newest list that stays in force.

    Raises:
        NothingDelivered: there is none.
        LsifError: as `delivered_files`.
    """
    path = job.settings.locate(given.path, job.ds)
    try:
        return {file.path: identity(file.path) for file in delivered_files(given, path)}
    except NothingDelivered:
        if not given.is_daily or job.tables.newest_day(table, job.ds) is None:
            raise
        return in_force_inputs(job.tables, table, job.ds)


def store_list(job: Job, step: str, door: str, given: Catalogue | Users, judge: Judge) -> Counts:
    """Replace the day's list and its rejected rows; a list that is equal to the one before makes no new rows.

    Raises:
        LsifError: there are files, but no row in them, or a check failed.
    """
    table = step.removeprefix("ingest_")
    path, lists = job.settings.locate(given.path, job.ds), Lists(job.tables, table, step)
    if job.inputs and all(name.startswith(f"{table}/") for name in job.inputs):
        return left_in_force(job, lists, door, given.max_age_days)
    writer = job.tables.writer(table)
    listed = read_before(job, lists, door) or judge(path)
    if not listed.rows_in and job.inputs:
        raise LsifError(f"{path} holds no row: if there are to be none, declare it by an empty file {path}.empty")
    found = counted(listed, job.ds)
    checks = lists.checks(job.ds, job.settings.checks, found, listed.rows) if listed.rows_in else []
    held = hold(job, step, checks)
    if len(listed.rejects) or len(job.tables.read("quarantine", [job.ds])):
        replace_rejects(job.tables, [job.ds], of=door, write=lambda out: out.write(job.ds, listed.rejects))
    if held.failures:
        some = listed.rejects.slice(0, EXAMPLES).to_pylist()
        raise held.stop(shown([(row["rule"], row["raw"]) for row in some]), mending(found.rules))
    if listed.sealed is not None:
        add_lines(job.tables, key_of(job.settings), job.ds, listed.sealed)
    same = lists.store(writer, job.ds, listed.rows)
    return ingested(replace(found, remarks=held.remarks), unchanged(door, same) if same else None)


def read_before(job: Job, lists: Lists, door: str) -> Listed | None:
    """The list as the last run read it from files of the same content, when it took every row as it was.

    Nobody needs a JVM to come to the same rows. None with --force, which reads whatever is there.
    """
    line = None if job.force else job.last_alike(lists.step)
    if line is None or line["quarantined"] or sorted(line["inputs"].values()) != sorted(job.inputs.values()):
        return None
    stored = job.tables.newest_day(lists.table, line["ds"])
    rows = job.tables.read(lists.table, [stored] if stored else [], job.tables.schema(lists.table).names)
    if line["note"] not in (None, unchanged(door, stored)) or line["rows_out"] != len(rows):
        return None
    return Listed(rows, QUARANTINE.empty_table(), line["rows_in"], line["duplicates"], {}, {})


def unchanged(door: str, ds: str | None) -> str:
    return f"the {door} is that of {ds}"


def counted(listed: Listed, ds: str) -> Ingested:
    """What became of the rows of a list."""
    rules = {row["values"]: row["counts"] for row in pc.value_counts(listed.rejects["rule"]).to_pylist()}
    emptied = (ds,) if len(listed.rejects) == listed.rows_in > 0 else ()
    rows = len(listed.rows)
    return Ingested(listed.rows_in, rows, listed.repeated, rules, listed.lost, lacking=listed.lacking, emptied=emptied)


def left_in_force(job: Job, lists: Lists, door: str, most: int) -> Counts:
    """Nothing came for the day: the newest list stays, up to an age of `most` days."""
    check = replace(lists.age_check(job.ds, most), section=door)
    held = hold(job, lists.step, [check])
    if held.failures:
        raise held.stop()
    newest, days = job.tables.newest_day(lists.table, job.ds), f"{check.value:.0f} day{'s' * (check.value != 1)} old"
    note = f"none came: that of {newest} stays in force, {days}"
    return Counts(0, None, note="; ".join(filter(None, [note, held.remarks])))


def log_items_inputs(job: Job) -> dict[str, str]:
    """What items of a log without a catalogue are made of: the day's events, and the items of before."""
    before = [day for day in job.tables.days("items", last=job.ds) if day < job.ds][-1:]
    events = job.tables.require_days("events", job.ds, job.ds)
    return job.tables.fingerprints("events", events) | job.tables.fingerprints("items", before)


def store_log_items(tables: Tables, days: list[str], at: str) -> int:
    """Without a catalogue items are what the log names: those of before and of the events of `days`, as items of `at`.

    Each appeared on the first of the days on which an event with it arrived. Returns how many there are.
    """
    writer, schema = tables.writer("items"), tables.schema("items")
    before = [day for day in tables.days("items", last=at) if day < at][-1:]
    known = tables.read("items", before, schema.names)
    seen = set(known["item_id"].to_pylist())
    made = []
    for ds in days:
        ids = pc.unique(tables.read("events", [ds], ["item_id"])["item_id"]).drop_null().to_pylist()
        moment = datetime.fromisoformat(f"{ds}T00:00:00+00:00")
        made += [{"item_id": item, "available": True, "published": moment} for item in ids if item not in seen]
        seen.update(ids)
    if made or not before:
        writer.write(at, pa.concat_tables([known, pa.Table.from_pylist(made, schema)]).sort_by("item_id"))
        writer.commit()
    return len(seen)
