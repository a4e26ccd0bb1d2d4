"""Checks of a step as rows of the table `checks`, and the line that stops a night."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from lsif.checks.acceptance import Acceptance
from lsif.checks.check import Check
from lsif.errors import LsifError
from lsif.tables import Tables
from lsif.tables.shared import replace_own

if TYPE_CHECKING:
    from lsif.job import Job

ACCEPTED = "accepted: "
WARNINGS = "LSIF_WARNINGS"
"""Names a file that warnings are added to, for whoever started the job."""


@dataclass(frozen=True)
class Held:
    """A step's checks for one day, after a person's word on them."""

    ds: str
    checks: tuple[Check, ...]

    @property
    def failures(self) -> list[Check]:
        return [check for check in self.checks if check.verdict == "fail"]

    @property
    def warnings(self) -> list[str]:
        return [f"warn {check.name}: {check.note}" for check in self.checks if check.verdict == "warn"]

    @property
    def remarks(self) -> str | None:
        """What was accepted and why, for the ledger."""
        said = [f"{check.name} {check.note}" for check in self.checks if check.verdict == "accepted"]
        return "; ".join(said) or None

    def stop(self, examples: str = "", mend: str = "mend the delivery") -> LsifError:
        """The one line that says why the night stops and what lets it go on."""
        names = [check.name for check in self.failures]
        settings = ", ".join(f"{check.section}.{check.name}" for check in self.failures)
        sentences = "; ".join(str(check.note) for check in self.failures)
        accept = " ".join(f"--accept {name}" for name in names)
        return LsifError(
            f"ds={self.ds} stops, nothing of it was taken in: {sentences}{examples}. You may {mend}, or set "
            f'{settings}, or let this day pass: {accept} --reason "..."'
        )


def hold(job: "Job", step: str, checks: list[Check]) -> Held:
    """Write the step's rows of `checks` for the job's day, those that the command line accepts as such.

    What was accepted for a day stays accepted when the day runs again, while it is no further beyond its bound.
    """
    was = _accepted_before(job.tables, job.ds, step)
    word = Acceptance.of(job.args.accept, job.args.reason)
    held = Held(job.ds, tuple(_judged(check, word, was.get(check.name)) for check in checks))
    record(job.tables, job.ds, step, held.checks)
    for line in held.warnings:
        warn(f"{step} ds={job.ds}: {line}")
    return held


def record(tables: Tables, ds: str, step: str, checks: Iterable[Check]) -> None:
    """Replace the rows of `checks` that are this step's for `ds`."""
    rows = [{"step": step, "check": check.name, **_values(check)} for check in checks]
    mine = pa.Table.from_pylist(rows, tables.schema("checks"))
    replace_own(tables, "checks", [ds], pc.field("step") != step, lambda writer: writer.write(ds, mine))


def warn(line: str) -> None:
    """Say it, and leave it to the task that runs this job for whoever is to be told."""
    print(line, file=sys.stderr)
    if path := os.environ.get(WARNINGS):
        with open(path, "a", encoding="utf-8") as told:
            told.write(f"{line}\n")


def has_failed(tables: Tables, ds: str, step: str) -> bool:
    """Whether the step's newest checks of `ds` hold one that failed and was not accepted."""
    return len(tables.read("checks", [ds], ["check"], (pc.field("step") == step) & (pc.field("verdict") == "fail"))) > 0


def _values(check: Check) -> dict[str, Any]:
    return {"value": check.value, "bound": check.bound, "verdict": check.verdict, "note": check.note}


def _accepted_before(tables: Tables, ds: str, step: str) -> dict[str, dict[str, Any]]:
    own = (pc.field("step") == step) & (pc.field("verdict") == "accepted")
    return {row["check"]: row for row in tables.read("checks", [ds], filter=own).to_pylist()}


def _judged(check: Check, word: Acceptance, was: dict[str, Any] | None) -> Check:
    if check.verdict != "fail":
        return check
    if check.name in word.checks:
        return replace(check, verdict="accepted", note=f"{ACCEPTED}{word.reason}")
    if was and _beyond(check.value, check.bound) <= _beyond(was["value"], check.bound):
        return replace(check, verdict="accepted", note=was["note"])
    return check


def _beyond(value: float | None, bound: float | None) -> float:
    return abs((value or 0.0) - (bound or 0.0))
