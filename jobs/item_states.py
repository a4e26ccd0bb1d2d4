"""Write item_states/D: what everybody does with each item, as known by the end of D; all users share it.

    python jobs/item_states.py --ds 2017-10-31

Needs the histories' tiles up to D and the popularity of the days before it. A night makes it in events_to_interests.
"""

from lsif.features.steps import ITEM_STATES, SECTIONS, states_inputs, write_states
from lsif.job import run_job

if __name__ == "__main__":
    run_job(ITEM_STATES, __doc__, states_inputs, write_states, SECTIONS)
