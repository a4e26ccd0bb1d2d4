"""Places at which a test may have a process fail: `LSIF_FAILPOINT=after_stage:kill python jobs/score_users.py ...`.

The value is `NAME[:HOW[:NTH]]`. HOW is `kill` (SIGKILL, the default), `term` (SIGTERM) or `raise`; it happens the NTH
time that the place is reached, by default the first. Off unless the variable is set. No place is inside a loop over
rows, batches or users: each is passed a few times in a run.
"""

import os
import signal
from collections.abc import Callable
from functools import cache

from lsif.errors import LsifError

VARIABLE = "LSIF_FAILPOINT"
SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM}
HOW = (*SIGNALS, "raise")

NAMES = {
    # of every job
    "before_work": "a step has looked at its inputs",
    "after_work": "a step has done its work, and the ledger does not know",
    "after_ledger": "the ledger has the step's line",
    # of tables
    "after_create": "a table was made, and is empty",
    "after_file": "a file of rows lies in a table, unseen",
    "after_frame": "Spark has written its files, unseen",
    "before_commit": "all files are written, none is seen",
    "after_compare": "the counters of the days were looked at, nothing is committed",
    "after_commit": "the commit is made, and nobody was told",
    "after_discard": "files that were not needed are deleted",
    "before_stage": "all files are written, the list of them is not",
    "after_stage": "the list of the files is written",
    "before_publish": "what is staged was found",
    "after_publish": "what was staged is seen",
    "before_append": "the rows to add lie in a file, unseen",
    "after_append": "the rows are added",
    "after_remove": "days were taken out of a table",
    "after_compact": "small files became few, and the small ones lie there still",
    "after_vacuum": "old files are deleted",
    "after_copy": "files to be kept are copied, and nothing speaks of them",
    "after_about": "what is kept is spoken of, and what was kept before lies there still",
    # of deliveries
    "after_begin": "a load has a number and no row",
    "after_load": "a load is whole, and the one before is live",
    "after_switch": "a load is live, and what is older lies there still",
    # of the registry, and of trainings
    "after_training": "a model is trained and judged, MLflow does not know",
    "after_log": "MLflow has the model's files, no version names them",
    "after_register": "a version is registered, no alias names it",
    "after_previous": "the alias `previous` was moved, the champion was not",
    "after_decision": "a promotion is written into a version's tags, the champion was not moved",
    "after_champion": "the champion was moved, its history does not know",
    "after_rollback": "the champion was moved back, the alias `previous` was not",
}
"""What has happened when a place is reached, by its name."""


class InjectedFault(Exception):
    """What `raise` raises: like a fault of the program, nobody is prepared for it."""


reached: Callable[[str], None] | None = None
"""Called with the name of each place that is reached, when a test of this process sets it."""


def failpoint(name: str) -> None:
    """Fail here, if that is asked for.

    Raises:
        InjectedFault: `raise` is asked for.
        LsifError: what is asked for is no place, or no way to fail.
    """
    if reached is not None:
        reached(name)
    if (text := os.environ.get(VARIABLE)) and _armed(text).is_due(name):
        fail(_armed(text).how, name)


def fail(how: str, name: str) -> None:
    """Fail at once, in a way of `HOW`."""
    if how == "raise":
        raise InjectedFault(f"{VARIABLE}: {name}, {NAMES[name]}")
    os.kill(os.getpid(), SIGNALS[how])
    signal.pause()  # another thread may get it, and this one a moment more


class _Armed:
    """A failpoint that is set, and how often it was reached."""

    def __init__(self, name: str, how: str, nth: int) -> None:
        self.name, self.how, self.left = name, how, nth

    def is_due(self, name: str) -> bool:
        self.left -= name == self.name
        return name == self.name and self.left == 0


@cache
def _armed(text: str) -> _Armed:
    name, _, rest = text.partition(":")
    how, _, nth = rest.partition(":")
    if name not in NAMES or (how or "kill") not in HOW or not (nth or "1").isdecimal():
        raise LsifError(f"{VARIABLE}={text}: want NAME, NAME:HOW or NAME:HOW:NTH, of names {', '.join(NAMES)}")
    return _Armed(name, how or "kill", int(nth or 1))
