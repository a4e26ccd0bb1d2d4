"""What Spark does in a night, in one application: and what follows from it: ingest_events, long_term_history,
history_base, recent_window, item_states.

    python jobs/events_to_interests.py --ds 2017-10-31

A JVM costs more to start than any of them. Each step commits for itself and has its own line in the ledger, so
that a second run repeats only what did not end well; each has a job of its own too.
"""

from lsif.checks import accept_arguments
from lsif.features.steps import ITEM_STATES, SECTIONS, states_inputs, write_states
from lsif.interests.steps import (
    DELIVERY,
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
    run_step(INGEST_EVENTS, job.given(*DELIVERY), delivery_inputs, write_events)
    run_step(LONG_TERM_HISTORY, job.given(), tile_inputs, write_tiles)
    run_step(HISTORY_BASE, job.given("interests"), base_inputs, write_base)
    run_step(RECENT_WINDOW, job.given("interests"), window_inputs, write_windows)
    run_step(ITEM_STATES, job.given(*SECTIONS), states_inputs, write_states)


if __name__ == "__main__":
    run_steps(__doc__, steps, (*DELIVERY, *SECTIONS), accept_arguments)
