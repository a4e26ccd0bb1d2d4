"""Lay the packaged sample into LSIF_HOME/landing, a file a day, as a shop would deliver it.

    python jobs/land_sample.py --to 2017-11-07

Landing the same days twice changes nothing.
"""

import argparse

from lsif.config import home_folder
from lsif.days import parsed_day
from lsif.job import run_command
from lsif.sample import FIRST_DAY, LAST_DAY, land


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="first", default=FIRST_DAY, metavar="YYYY-MM-DD", help="first day")
    parser.add_argument("--to", dest="last", default=LAST_DAY, metavar="YYYY-MM-DD", help="last day, included")
    parser.add_argument("--households", type=int, metavar="N", help="only so many households, the same every time")
    args = parser.parse_args()
    lines = land(home_folder(), parsed_day(args.first), parsed_day(args.last), args.households)
    print(f"land_sample: {lines:,} purchase lines, {args.first} to {args.last}, in {home_folder() / 'landing'}")


if __name__ == "__main__":
    run_command(main)
