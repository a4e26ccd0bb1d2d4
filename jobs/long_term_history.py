"""Write the day's tiles (history_tiles, user_tiles, item_tiles), and now and then a base of long_term_histories.

    python jobs/long_term_history.py --ds 2017-10-31

Tiles of D come from events/D alone and may be made in any order. A base is due when the tiles since the last one
outgrow a quarter of it; it merges the newest base before D with the tiles after it. While one of those is missing, no
base is made, and whoever reads the histories of D names the missing days.
"""

from lsif.interests.steps import LONG_TERM_HISTORY, history_inputs, write_history
from lsif.job import run_job

if __name__ == "__main__":
    run_job(LONG_TERM_HISTORY, __doc__, history_inputs, write_history)
