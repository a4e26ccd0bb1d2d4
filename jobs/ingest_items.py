"""Take in the catalogue as delivered by D: items/D, and quarantine/D for rows without an id or with an overlong text.

    python jobs/ingest_items.py --ds 2017-10-31

Readers of a later day take the newest delivery before it, so a catalogue that has not changed makes no new rows, and
where none was delivered for D the newest stays in force, up to `checks.max_age_days`. A catalogue that shrank too much,
or that knows too few of the log's items, stops the night ([checks]); `--accept CHECK --reason TEXT` lets it pass. An
empty one is declared, by a file `<path>.empty`.
"""

from collections import Counter
from dataclasses import replace

import pyarrow as pa

from lsif.checks import accept_arguments, hold
from lsif.errors import LsifError
from lsif.interests.as_of import catalogue_inputs
from lsif.interests.bounds import Ingested, ingested, shown
from lsif.interests.catalogue import delivered_products, judged_products, wanted_columns
from lsif.interests.catalogue_days import STEP, age_check, product_checks, store
from lsif.interests.landing import NothingDelivered, delivered_files
from lsif.interests.quarantine import replace_rejects
from lsif.job import Counts, Job, run_job


def place(job: Job) -> str:
    return job.settings.locate(job.settings.catalogue.path, job.ds)


def inputs(job: Job) -> dict[str, str]:
    """The delivered files; where none came, the catalogue that stays in force."""
    catalogue = job.settings.catalogue
    try:
        files = delivered_files(place(job), catalogue.format, wanted_columns(catalogue))
    except NothingDelivered:
        if job.tables.newest_day("items", job.ds) is None:
            raise
        return catalogue_inputs(job.tables, job.ds)
    return {file.path: file.identity for file in files}


def work(job: Job) -> Counts:
    writer, catalogue = job.tables.writer("items"), job.settings.catalogue
    try:
        rows = delivered_products(catalogue, place(job))
    except NothingDelivered:
        return left_in_force(job)
    if not len(rows) and job.inputs:
        raise LsifError(f"{place(job)} holds no product; a catalogue that is meant to be empty has {place(job)}.empty")
    items, rejects, repeated = judged_products(rows, catalogue, job.settings.rules)
    rules = Counter(rejects["rule"].to_pylist())
    found = Ingested(len(rows), len(items), repeated, dict(rules), (job.ds,) if len(rejects) == len(rows) > 0 else ())
    held = hold(job, STEP, product_checks(job.tables, job.settings, job.ds, found, items) if len(rows) else [])
    write_rejects(job, rejects)
    if held.failures:
        examples = rejects.slice(0, 3).to_pylist()
        raise held.stop(shown([(row["rule"], row["raw"]) for row in examples]))
    same = store(job.tables, writer, job.ds, items)
    return ingested(replace(found, remarks=held.remarks), f"the catalogue is that of {same}" if same else None)


def write_rejects(job: Job, rejects: pa.Table) -> None:
    if len(rejects) or len(job.tables.read("quarantine", [job.ds])):
        replace_rejects(job.tables, [job.ds], of_catalogue=True, write=lambda out: out.write(job.ds, rejects))


def left_in_force(job: Job) -> Counts:
    check = age_check(job.tables, job.settings, job.ds)
    held = hold(job, STEP, [check])
    if held.failures:
        raise held.stop()
    newest, days = job.tables.newest_day("items", job.ds), f"{check.value:.0f} day{'s' * (check.value != 1)}"
    note = f"no catalogue came: that of {newest} stays in force, {days} after it was delivered last"
    return Counts(None, None, note="; ".join(filter(None, [note, held.remarks])))


if __name__ == "__main__":
    run_job(STEP, __doc__, inputs, work, accept_arguments)
