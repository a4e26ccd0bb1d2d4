"""What Spark does in a night, in one application: ingest_events, long_term_history, history_base, recent_window.

    python jobs/events_to_interests.py --ds 2017-10-31

A JVM costs more to start than any of the four. Each step commits for itself and has its own line in the ledger, so
that a second run repeats only what did not end well; each has a job of its own too.
"""

from lsif.checks import accept_arguments
from lsif.interests.steps import (
    HISTORY_BASE,
    INGEST_EVENTS,
    LONG_TERM_HISTORY,
    RECENT_WINDOW,
    base_inputs,
    delivery_inputs,
    tile_inputs,
    window_inputs,
    write_base,
    write_events,
    write_tiles,
    write_windows,
)
from lsif.job import Job, run_step, run_steps


def steps(job: Job) -> None:
    run_step(INGEST_EVENTS, job, delivery_inputs, write_events)
    run_step(LONG_TERM_HISTORY, job, tile_inputs, write_tiles)
    run_step(HISTORY_BASE, job, base_inputs, write_base)
    run_step(RECENT_WINDOW, job, window_inputs, write_windows)


if __name__ == "__main__":
    run_steps(__doc__, steps, accept_arguments)
