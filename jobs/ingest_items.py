"""Take in the catalogue as delivered by D: items/D, and quarantine/D for rows without an id or with an overlong text.

    python jobs/ingest_items.py --ds 2017-10-31

Readers of a later day take the newest delivery before it, so a catalogue that has not changed makes no new rows.
"""

from lsif.interests.catalogue import delivered_products, judged_products, wanted_columns
from lsif.interests.landing import delivered_files
from lsif.interests.quarantine import replace_rejects
from lsif.job import Counts, Job, run_job


def place(job: Job) -> str:
    return job.settings.locate(job.settings.catalogue.path, job.ds)


def inputs(job: Job) -> dict[str, str]:
    catalogue = job.settings.catalogue
    return {
        file.path: file.identity for file in delivered_files(place(job), catalogue.format, wanted_columns(catalogue))
    }


def work(job: Job) -> Counts:
    writer, catalogue = job.tables.writer("items"), job.settings.catalogue
    rows = delivered_products(catalogue, place(job))
    items, rejects, repeated = judged_products(rows, catalogue, job.settings.rules)
    before = job.tables.newest_day("items", job.ds)
    counts = (len(rows), len(items), repeated, len(rejects))
    if len(rejects) or len(job.tables.read("quarantine", [job.ds])):
        replace_rejects(job.tables, [job.ds], of_catalogue=True, write=lambda out: out.write(job.ds, rejects))
    if before and before != job.ds and items.equals(job.tables.read("items", [before], items.column_names)):
        return Counts(*counts, note=f"the catalogue is that of {before}")
    writer.write(job.ds, items)
    writer.commit()
    return Counts(*counts)


if __name__ == "__main__":
    run_job("ingest_items", __doc__, inputs, work, ("catalogue", "rules"))
