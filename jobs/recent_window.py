"""Write recent_windows/D: the last events of each user in the `recent_days` days up to D, as known by the end of D.

    python jobs/recent_window.py --ds 2017-10-31

Needs events of every day since the window's start (or since the log began) and names those that are missing.
"""

from lsif.interests.steps import RECENT_WINDOW, window_inputs, write_windows
from lsif.job import run_job

if __name__ == "__main__":
    run_job(RECENT_WINDOW, __doc__, window_inputs, write_windows, ("interests",))
