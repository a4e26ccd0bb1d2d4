"""What Spark does in a night, in one application: ingest_events, long_term_history, recent_window.

    python jobs/events_to_interests.py --ds 2017-10-31

A JVM costs more to start than any of the three. Each step commits for itself and has its own line in the ledger, so
that a second run repeats only what did not end well; each has a job of its own too.
"""

from lsif.interests.steps import (
    INGEST_EVENTS,
    LONG_TERM_HISTORY,
    RECENT_WINDOW,
    delivery_inputs,
    history_inputs,
    window_inputs,
    write_events,
    write_history,
    write_windows,
)
from lsif.job import Job, run_step, run_steps


def steps(job: Job) -> None:
    run_step(INGEST_EVENTS, job, delivery_inputs, write_events)
    run_step(LONG_TERM_HISTORY, job, history_inputs, write_history)
    run_step(RECENT_WINDOW, job, window_inputs, write_windows)


if __name__ == "__main__":
    run_steps(__doc__, steps)
