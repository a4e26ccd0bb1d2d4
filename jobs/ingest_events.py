"""Take in what the sources delivered for a day: events/D, and quarantine/D with the rule that each bad row broke.

    python jobs/ingest_events.py --ds 2017-10-31

Where the files lie, and which of their columns is which, the configuration says under [sources]. A missing file stops
the night; a day without events is declared, by a file with its header and no rows or by a file `<path>.empty` beside
it. A day that was delivered again replaces its rows.
"""

from lsif.checks import accept_arguments
from lsif.interests.steps import DELIVERY, INGEST_EVENTS, delivery_inputs, write_events
from lsif.job import run_job

if __name__ == "__main__":
    run_job(INGEST_EVENTS, __doc__, delivery_inputs, write_events, DELIVERY, accept_arguments)
