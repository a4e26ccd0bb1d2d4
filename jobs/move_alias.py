"""Move the champion: forward to a version that the gate passed, or back to the previous one.

    python jobs/move_alias.py promote --ds 2017-10-30 [--version 3] [--force --reason "..."] [--if-passed]
    python jobs/move_alias.py rollback --ds 2017-11-02 [--reason "..."]

D is the day of the decision. promote takes the challenger by default and refuses what the gate holds (exit code 2)
unless --force comes with a --reason, and so what a person rolled back or deleted, and what is made of the same data,
settings and code; with --if-passed all that leaves the champion where it is and is no error, which is what the weekly
training wants. rollback goes to what was champion before. Every move, those made elsewhere too, is written to
`alias_history`. Of two moves at once one stands, and the other ends with 99. Nights that have been scored keep their
version.
"""

import argparse
from getpass import getuser

from lsif.job import Counts, Job, run_job
from lsif.privacy.erased import overdue
from lsif.registry import CHALLENGER, History, Registry, held_back, promote
from lsif.registry.moving import Told, move, rollback_once


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["promote", "rollback"])
    parser.add_argument("--version", default=CHALLENGER, metavar="VERSION", help="what to promote (the challenger)")
    parser.add_argument("--reason", help="why; kept as a tag of the version")
    parser.add_argument("--by", help="who decided; kept in alias_history (default: the user that runs this)")
    parser.add_argument("--if-passed", action="store_true", help="leave the champion alone on a HOLD, without an error")


def inputs(job: Job) -> dict[str, str]:
    """The aliases as they are: every move changes them, so that only a repeated move is a no-op."""
    action = f"{job.args.action}{' if passed' if job.args.if_passed else ''}"
    return {"action": action, "version": job.args.version, **Registry().aliases()}


def work(job: Job) -> Counts:
    registry, wanted = Registry(), job.args
    told = Told(f"{wanted.action} by {wanted.by or getuser()}", job.ds, wanted.reason)
    said = move(registry, job.tables, told, lambda history: moved(job, registry, history))
    return Counts(None, None, model_version=registry.aliases().get("champion"), note=said)


def moved(job: Job, registry: Registry, history: History) -> str:
    """Move it, or leave it where a machine may not; a sentence about it."""
    wanted = job.args
    if wanted.action == "rollback":
        return rollback_once(registry, job.tables, job.ds, wanted.reason, history.champions())
    lost = history.lost({version.number for version in registry.versions()})
    late = overdue(job.tables, job.ds)
    if wanted.if_passed and not job.force:
        version = registry.version(wanted.version)
        if version.tags.get("gate", "not run") != "not run" and (why := held_back(registry, version, lost, late)):
            return f"{wanted.version} stays where it is, {why}; the champion stays"
    return promote(registry, wanted.version, job.ds, wanted.reason, job.force, lost, late)


if __name__ == "__main__":
    run_job("move_alias", __doc__, inputs, work, arguments=arguments)
