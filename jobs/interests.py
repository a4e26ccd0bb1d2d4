"""Both interests of a night in one Spark application: long_term_history, then recent_window.

    python jobs/interests.py --ds 2017-10-31

A JVM costs more to start than either step of a night. Each step commits for itself and has its own line in the ledger,
so that a second run repeats only what did not end well.
"""

from lsif.interests.steps import (
    LONG_TERM_HISTORY,
    RECENT_WINDOW,
    history_inputs,
    window_inputs,
    write_history,
    write_windows,
)
from lsif.job import Job, run_step, run_steps


def steps(job: Job) -> None:
    run_step(LONG_TERM_HISTORY, job, history_inputs, write_history)
    run_step(RECENT_WINDOW, job, window_inputs, write_windows)


if __name__ == "__main__":
    run_steps(__doc__, steps)
