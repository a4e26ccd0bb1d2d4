"""How a job runs: arguments, the ledger's no-op rule, and exit codes, the same for all.

A step's last success is a row of the table `runs`; when its inputs, settings and code are what they were, and the days
that it wrote are still there, the step has nothing to do. A step names the sections of the settings that it reads, and
is given no others, so that a change elsewhere in the file does not run it again.
"""

import argparse
import json
import os
import resource
import sys
import time
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pyarrow as pa
import pyarrow.compute as pc

from lsif.code import code_hash
from lsif.config import Settings, load_settings
from lsif.days import parsed_day
from lsif.errors import LsifError, OutageError, Superseded
from lsif.failpoints import failpoint
from lsif.memory import share_one_heap
from lsif.outages import ended_with
from lsif.privacy.lines import check_key
from lsif.schema import TABLES
from lsif.tables import Tables

Fingerprints = dict[str, str]
"""Name of an input = its identity; equal identities mean equal content."""
Line = dict[str, Any]
"""A row of the ledger, `inputs` and `outputs` decoded."""


@dataclass(frozen=True)
class Counts:
    """What a step did with its rows, None where it has none; `note` is for people, `settings` (JSON) for whoever asks
    later how it was made."""

    rows_in: int | None
    rows_out: int | None
    duplicates: int = 0
    quarantined: int = 0
    model_version: str | None = None
    note: str | None = None
    settings: str | None = None

    def summary(self) -> str:
        """As one line for people; what is nought or absent is left out."""
        parts = [f"{self.rows_in:,} rows in"] if self.rows_in is not None else []
        parts += [f"{self.rows_out:,} out"] if self.rows_out is not None else []
        parts += [f"{self.duplicates:,} duplicates"] * bool(self.duplicates)
        parts += [f"{self.quarantined:,} quarantined"] * bool(self.quarantined)
        parts += [f"model version {self.model_version}"] * (self.model_version is not None)
        parts += [self.note] if self.note else []
        return ", ".join(parts)


@dataclass
class Job:
    """One run of one entry point for one day.

    Attributes:
        ds: the day, `YYYY-MM-DD`.
        settings: the sections that it may read, and no others.
        force: run steps although nothing changed.
        inputs: of the running step, as they were when it started.
        marks: hashes of its settings and code.
    """

    ds: str
    settings: Settings
    tables: Tables
    args: argparse.Namespace
    entry_point: Path
    force: bool = False
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    inputs: Fingerprints = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    def given(self, *sections: str) -> "Job":
        """The same run, for a step that reads only these of its settings."""
        return replace(self, settings=self.settings.only(sections))

    def last_success(self, step: str) -> Line | None:
        """The newest ledger row of `step` for this day that ended well, `inputs` and `outputs` decoded."""
        return self._last(step, {"ds": self.ds})

    def last_alike(self, step: str) -> Line | None:
        """The same of whichever day, made with the settings and the code of the running step."""
        return self._last(step, self.marks)

    def _last(self, step: str, equal: dict[str, str]) -> Line | None:
        wanted = {"step": step, "status": "done", **equal}
        chosen = reduce(and_, (pc.field(name) == value for name, value in wanted.items()))
        rows = self.tables.read("runs", filter=chosen).sort_by("seq").to_pylist()
        return {**rows[-1], **{part: json.loads(rows[-1][part]) for part in ("inputs", "outputs")}} if rows else None


Inputs = Callable[[Job], Fingerprints]
Work = Callable[[Job], Counts]


def run_job(
    step: str,
    description: str | None,
    inputs: Inputs,
    work: Work,
    sections: Collection[str] = (),
    arguments: Callable[[argparse.ArgumentParser], object] = lambda parser: None,
    is_there: Callable[[Line], bool] = lambda last: True,
) -> NoReturn:
    """Run a job of one step, which reads `sections` of the settings, and exit with its code."""
    run_steps(description, lambda job: run_step(step, job, inputs, work, is_there), sections, arguments)


def run_steps(
    description: str | None,
    steps: Callable[[Job], object],
    sections: Collection[str] = (),
    arguments: Callable[[argparse.ArgumentParser], object] = lambda parser: None,
) -> NoReturn:
    """Parse the command line, run `steps` and exit: 0 done, 2 bad input in one line, 75 an outage, 99 superseded."""
    share_one_heap()
    run_command(lambda: steps(_job(description, arguments).given(*sections)))


def run_command(command: Callable[[], object]) -> NoReturn:
    """Run `command` and exit with 0, or with the code of an `LsifError` and its one line on stderr."""
    try:
        command()
    except Exception as error:
        if (told := ended_with(error)) is None:
            raise
        print(f"{Path(sys.argv[0]).name}: {told}", file=sys.stderr)
        sys.exit(told.exit_code)
    sys.exit(0)


def run_step(
    step: str, job: Job, inputs: Inputs, work: Work, is_there: Callable[[Line], bool] = lambda last: True
) -> None:
    """Run one step unless nothing it depends on has changed, and write its line in the ledger.

    Args:
        is_there: whether what the last run left outside of the tables still exists.
    """
    started = Clock(time.perf_counter(), _cpu_seconds())
    job.inputs = inputs(job)
    job.marks = {"config_hash": job.settings.fingerprint(), "code_hash": code_hash(job.entry_point)}
    last = job.last_success(step)
    same = last is not None and all(last[k] == v for k, v in {"inputs": job.inputs, **job.marks}.items())
    if not job.force and last and same and all(job.tables.current(last["outputs"]).values()) and is_there(last):
        print(f"{step} ds={job.ds}: inputs and code are unchanged, nothing to do (--force runs it all the same)")
        return
    line = {"step": step, "inputs": json.dumps(job.inputs, sort_keys=True), **job.marks}
    job.tables.written.clear()
    try:
        failpoint("before_work")
        counts = work(job)
        failpoint("after_work")
    except Exception as error:
        status = "superseded" if isinstance(error, Superseded) else "failed"
        with suppress(OutageError):  # of the ledger: what the step ended with is what is to be told
            _record(job, {**line, "status": status, "note": str(error)[:2000]}, started)
        raise
    outputs = json.dumps(sorted(job.tables.written))
    _record(job, {**line, "status": "done", "outputs": outputs, **vars(counts)}, started)
    failpoint("after_ledger")
    print(f"{step} ds={job.ds}: {counts.summary()} in {time.perf_counter() - started.wall:.1f} s")


class _OneLine(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise LsifError(f"{message} (see --help)")


def _job(description: str | None, arguments: Callable[[argparse.ArgumentParser], object]) -> Job:
    parser = _OneLine(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ds", required=True, metavar="YYYY-MM-DD", help="the UTC day of arrival to work on")
    parser.add_argument("--config", metavar="FILE", help="settings (default: LSIF_CONFIG, else lsif.toml)")
    parser.add_argument("--force", action="store_true", help="run although inputs, settings and code are unchanged")
    arguments(parser)
    args = parser.parse_args()
    settings = load_settings(args.config)
    tables, entry_point = Tables(settings.tables), Path(sys.argv[0]).resolve()
    job = Job(parsed_day(args.ds), settings, tables, args, entry_point, args.force)
    tables.require_writable()
    check_key(tables, settings)
    return job


def is_first() -> bool:
    """Whether this process writes: of several that torchrun started to train together, the first."""
    return os.environ.get("RANK", "0") == "0"


@dataclass(frozen=True)
class Clock:
    """When a step started, in seconds of the day and of the processor."""

    wall: float
    cpu: float


def _record(job: Job, line: dict[str, Any], started: Clock) -> None:
    if not is_first():
        return
    taken = job.tables.read("runs", columns=["seq"])["seq"]
    row = {
        **dict.fromkeys(TABLES["runs"].columns),
        **line,
        "seq": (pc.max(taken).as_py() or 0) + 1,
        "run_id": job.run_id,
        "ds": job.ds,
        "seconds": time.perf_counter() - started.wall,
        "cpu_seconds": _cpu_seconds() - started.cpu,
        "peak_memory_mb": _peak_memory_mb(),
    }
    job.tables.append("runs", pa.Table.from_pylist([row], schema=job.tables.schema("runs")))


def _cpu_seconds() -> float:
    """What this process and its children, ended or alive (a JVM), have taken of the processor so far."""
    living = (child.cpu_times() for child in psutil.Process().children(recursive=True))
    return sum(os.times()[:4]) + sum(times.user + times.system for times in living)


def _peak_memory_mb() -> float:
    """Largest resident memory of this process so far, and what its children (a JVM) hold now, in MiB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # the kernel counts in KiB
    children = sum(child.memory_info().rss for child in psutil.Process().children(recursive=True))
    return (own + children) / 2**20
