"""Ask a large language model about the catalogue's texts, in files: requests out, and answers in: item_attributes.

    python jobs/enrich_items.py --ds 2017-10-31 [--out requests.jsonl]
    python jobs/enrich_items.py --ds 2017-10-31 --answers answers.jsonl

Without --answers, the requests about every text of the catalogue in force that [llm] model has not answered yet go to a
file, the one for the list of kinds before all others. Nothing is called. With --answers, the answers that fit go into
the tables; nights from --ds on know them. No night waits for either.
"""

import argparse
from functools import partial
from pathlib import Path

from lsif.enrichment.steps import ASK, SECTIONS, TAKE, ask, ask_inputs, take, take_inputs
from lsif.job import Job, run_step, run_steps


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help="requests (default: LSIF_HOME/llm/requests-D.jsonl)")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="take these answers in instead")


def steps(job: Job) -> None:
    if answers := job.args.answers:
        run_step(TAKE, job, partial(take_inputs, answers=answers), partial(take, answers=answers))
        return
    out = job.args.out or job.settings.home / "llm" / f"requests-{job.ds}.jsonl"
    run_step(ASK, job, partial(ask_inputs, out=out), partial(ask, out=out), lambda last: out.exists())


if __name__ == "__main__":
    run_steps(__doc__, steps, SECTIONS, arguments)
