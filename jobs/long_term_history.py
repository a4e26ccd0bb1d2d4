"""Write the day's tiles (history_tiles, user_tiles, item_tiles), and now and then a base of long_term_histories.

    python jobs/long_term_history.py --ds 2017-10-31

Tiles of D come from events/D alone and may be made in any order. A base, the step history_base, is due when the days
since the last one outgrow a quarter of it; it merges the newest base before D that is not stale with the tiles after
it. While one of those is missing, no base is made, and whoever reads the histories of D names the missing days.
"""

from lsif.interests.steps import HISTORY_BASE, LONG_TERM_HISTORY, base_inputs, tile_inputs, write_base, write_tiles
from lsif.job import Job, run_step, run_steps


def steps(job: Job) -> None:
    run_step(LONG_TERM_HISTORY, job.given(), tile_inputs, write_tiles)
    run_step(HISTORY_BASE, job, base_inputs, write_base)


if __name__ == "__main__":
    run_steps(__doc__, steps, ("interests",))
