"""The steps that take in a whole list, of products or of users: what each depends on and does."""

from collections.abc import Callable
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from lsif.errors import LsifError
from lsif.intake.files import delivered_files, identity
from lsif.intake.places import NothingDelivered
from lsif.interests.listed import Listed
from lsif.interests.quarantine import replace_rejects
from lsif.interests.steps import told
from lsif.job import Counts, Job
from lsif.sources import Catalogue, Users
from lsif.tables import Tables

Judge = Callable[[str], Listed]


def list_inputs(job: Job, table: str, given: Catalogue | Users) -> dict[str, str]:
    """Identities of the delivered files; on a day for which none came, the newest list that stays in force.

    Raises:
        NothingDelivered: there is none, or it is older than `max_age_days`.
        LsifError: as `delivered_files`.
    """
    path = job.settings.locate(given.path, job.ds)
    try:
        return {file.path: identity(file.path) for file in delivered_files(given, path)}
    except NothingDelivered as gap:
        newest = job.tables.newest_day(table, job.ds)
        if not given.is_daily or newest is None:
            raise
        if age(newest, job.ds) > given.max_age_days:
            raise NothingDelivered(gap.paths, f" and that of {newest} is older than max_age_days allows") from gap
        return {f"{table}/{newest}": job.tables.fingerprint(table, newest)}


def store_list(job: Job, table: str, door: str, given: Catalogue | Users, judge: Judge) -> Counts:
    """Replace the day's list and its rejected rows; a list that is equal to the one before makes no new rows.

    Raises:
        LsifError: there are files, but no row in them.
    """
    path = job.settings.locate(given.path, job.ds)
    before = job.tables.newest_day(table, job.ds)
    if path not in job.inputs and f"{table}/{before}" in job.inputs:
        assert before is not None
        return Counts(0, None, note=f"none came: that of {before} stays in force, {age(before, job.ds)} days old")
    writer = job.tables.writer(table)
    found = judge(path)
    if not found.rows_in and job.inputs:
        raise LsifError(f"{path} holds no row: if there are to be none, declare it by an empty file {path}.empty")
    counts = (found.rows_in, len(found.rows), found.repeated, len(found.rejects))
    if len(found.rejects) or len(job.tables.read("quarantine", [job.ds])):
        replace_rejects(job.tables, [job.ds], of=door, write=lambda out: out.write(job.ds, found.rejects))
    rules = {row["values"]: row["counts"] for row in pc.value_counts(found.rejects["rule"]).to_pylist()}
    note = told(rules, found.lost, found.lacking)
    if before and before != job.ds and found.rows.equals(job.tables.read(table, [before], found.rows.column_names)):
        return Counts(*counts, note="; ".join(filter(None, [f"the {door} is that of {before}", note])))
    writer.write(job.ds, found.rows)
    writer.commit()
    return Counts(*counts, note=note)


def age(newest: str, ds: str) -> int:
    """Days from one to the other."""
    return (date.fromisoformat(ds) - date.fromisoformat(newest)).days


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
