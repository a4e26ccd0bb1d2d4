"""Take in the catalogue as delivered by D: items/D, and quarantine/D for rows without an id, or with one that is none.

    python jobs/ingest_items.py --ds 2017-10-31

Readers of a later day take the newest delivery before it, so a catalogue that has not changed makes no new rows, and
where none came for D the newest stays in force, up to `max_age_days`. One that shrank too much, or that knows too few
of the log's items, stops the night ([checks]); `--accept CHECK --reason TEXT` lets it pass. With no [catalogue] in the
configuration, items are what the day's events and those before name.
"""

from lsif.checks import accept_arguments
from lsif.interests.catalogue import judged_products
from lsif.interests.lists import list_inputs, log_items_inputs, store_list, store_log_items
from lsif.interests.quarantine import CATALOGUE
from lsif.job import Counts, Job, run_job
from lsif.spark import session

STEP = "ingest_items"


def inputs(job: Job) -> dict[str, str]:
    catalogue = job.settings.catalogue
    return list_inputs(job, "items", catalogue) if catalogue else log_items_inputs(job)


def work(job: Job) -> Counts:
    catalogue, rules = job.settings.catalogue, job.settings.rules
    if catalogue is None:
        return Counts(None, store_log_items(job.tables, [job.ds], job.ds), note="no catalogue: items of the log")
    return store_list(
        job, STEP, CATALOGUE, catalogue, lambda path: judged_products(session(STEP), catalogue, path, rules)
    )


if __name__ == "__main__":
    run_job(STEP, __doc__, inputs, work, ("catalogue", "rules", "checks"), accept_arguments)
