"""Deliver the lists of D to every database that the configuration names: what readers see is moved at once.

    python jobs/deliver.py --ds 2017-10-31 [--lists-of users]

A day that is older than what a database shows is left out with a line, so that a backfill moves nothing backwards;
`--back` does. One database that is away holds up no other.
"""

import argparse
from dataclasses import replace
from functools import partial

from lsif.delivery import OWNERS, Published, chosen, delivered, each, holds, opened
from lsif.job import Counts, Job, Line, run_step, run_steps
from lsif.privacy.lines import revealing
from lsif.privacy.pseudonym import USER


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="NAME", help="only to this database (default: every [deliver.NAME])")
    parser.add_argument("--lists-of", choices=OWNERS, help="only these lists (default: all)")
    parser.add_argument("--back", action="store_true", help="although a newer day is live there")


def inputs(job: Job) -> dict[str, str]:
    # Under a name that is no table's: a database that is taken out of the settings leaves nothing stale.
    of = {one.of for one in job.settings.deliver.values()}
    return {f"published {name}/{job.ds}": job.tables.fingerprint(name, job.ds) for name in of}


def work(name: str, job: Job) -> Counts:
    destination = job.settings.deliver[name]
    ids = revealing(job.tables, job.settings) if USER in destination.shape.names else None
    published = Published(job.tables, job.ds, destination, ids)
    with opened(name, destination) as place:
        note = delivered(place, published, job.args.back, job.force)
    return Counts(published.rows or None, published.rows or None, note=note)


def is_there(name: str, job: Job, last: Line) -> bool:
    with opened(name, job.settings.deliver[name]) as place:
        return holds(place, job.ds, job.args.back)


def steps(job: Job) -> None:
    destinations = chosen(job.settings.deliver, job.args.to, job.args.lists_of)

    def step(name: str) -> None:
        own = job.settings.model_copy(update={"deliver": {name: destinations[name]}})
        alone = replace(job, settings=own)  # another destination's settings are none of its business
        run_step(f"deliver to {name}", alone, inputs, partial(work, name), partial(is_there, name, alone))

    each(destinations, step)


if __name__ == "__main__":
    run_steps(__doc__, steps, ("deliver", "privacy"), arguments)
