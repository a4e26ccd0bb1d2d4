"""Move the champion: forward to a version that the gate passed, or back to the previous one.

    python jobs/move_alias.py promote --ds 2017-10-30 [--version 3] [--force --reason "..."] [--if-passed]
    python jobs/move_alias.py rollback --ds 2017-11-02 [--reason "..."]

D is the day of the decision. promote takes the challenger by default and refuses what the gate holds (exit code 2)
unless --force comes with a --reason; with --if-passed a HOLD leaves the champion where it is and is no error, which is
what the weekly training wants. Nights that have been scored keep their version.
"""

import argparse

from lsif.job import Counts, Job, run_job
from lsif.registry import CHALLENGER, Registry, promote, rollback


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["promote", "rollback"])
    parser.add_argument("--version", default=CHALLENGER, metavar="VERSION", help="what to promote (the challenger)")
    parser.add_argument("--reason", help="why; kept as a tag of the version")
    parser.add_argument("--if-passed", action="store_true", help="leave the champion alone on a HOLD, without an error")


def inputs(job: Job) -> dict[str, str]:
    """The aliases as they are: every move changes them, so that only a repeated move is a no-op."""
    return {"action": job.args.action, "version": job.args.version, **Registry().aliases()}


def work(job: Job) -> Counts:
    registry, wanted = Registry(), job.args
    if wanted.action == "rollback":
        said = rollback(registry, job.ds, wanted.reason)
    elif wanted.if_passed and not job.force and registry.version(wanted.version).tags.get("gate") == "HOLD":
        said = f"{wanted.version} is on HOLD, the champion stays"
    else:
        said = promote(registry, wanted.version, job.ds, wanted.reason, job.force)
    return Counts(None, None, model_version=registry.aliases().get("champion"), note=said)


if __name__ == "__main__":
    run_job("move_alias", __doc__, inputs, work, arguments=arguments)
