"""Sum counts of several houses that may not show them to each other: how many users took each item in 7 days.

    python jobs/encrypted_popularity.py keys --ds 2017-10-30 --secret our.key --public all.key
    python jobs/encrypted_popularity.py encrypt --ds 2017-10-30 --public all.key --items items.txt --to a.counts
    python jobs/encrypted_popularity.py add --ds 2017-10-30 --public all.key --counts a.counts b.counts --to sum.counts
    python jobs/encrypted_popularity.py decrypt --ds 2017-10-30 --secret our.key --items items.txt --counts sum.counts

The key holder makes the keys and gives the public one to all. Each house encrypts its counts of the items they agreed
on, with noise where [privacy] has release_epsilon. Someone without the secret key adds the files. The key holder
decrypts the sum into shared_popularity/D; nights and trainings of the 7 days from D read it for items that are new.
"""

import argparse
from pathlib import Path

from lsif.errors import LsifError
from lsif.job import Counts, Job, run_step, run_steps
from lsif.privacy import sums
from lsif.privacy.takers import counted_days

STEP = "encrypted_popularity"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["keys", "encrypt", "add", "decrypt"])
    parser.add_argument("--counts", nargs="+", type=Path, default=[], metavar="FILE", help="of encrypted counts")
    for name in ("secret", "public", "items", "to"):
        parser.add_argument(f"--{name}", type=Path, metavar="FILE")


def steps(job: Job) -> None:
    match job.args.what:
        case "keys":
            print(f"keys {sums.make_keys(given(job, 'secret'), given(job, 'public'))}")
        case "add":
            houses = sums.add(job.ds, given(job, "public"), job.args.counts, given(job, "to"))
            print(f"{job.args.to}: the sum of {houses} houses")
        case "encrypt":
            run_step(f"{STEP} encrypt", job, counted, encrypt)
        case "decrypt":
            run_step(f"{STEP} decrypt", job, summed, decrypt)


def counted(job: Job) -> dict[str, str]:
    """Not where it goes: who encrypts the same counts again, with other noise, has shown more of them."""
    files = {name: sums.identity(given(job, name)) for name in ("public", "items")}
    counts = job.tables.fingerprints("history_tiles", counted_days(job.tables, job.ds))
    return counts | files | job.settings.privacy.of_release()


def encrypt(job: Job) -> Counts:
    how = job.settings.privacy
    files = given(job, "public"), given(job, "items"), given(job, "to")
    items = sums.encrypt(job.tables, job.ds, how, *files)
    noise = f"noise of epsilon {how.release_epsilon:g}" if how.release_epsilon else "no noise"
    return Counts(None, items, note=f"{noise}, {how.user_items} items of a user at most")


def summed(job: Job) -> dict[str, str]:
    files = {"counts": sums.identity(total(job)), "items": sums.identity(given(job, "items"))}
    return files | job.settings.privacy.of_release()


def decrypt(job: Job) -> Counts:
    files = given(job, "secret"), given(job, "items"), total(job)
    found = sums.decrypt(job.tables, job.ds, *files, job.settings.privacy.min_users)
    return Counts(None, found)


def total(job: Job) -> Path:
    if len(job.args.counts) != 1:
        raise LsifError("decrypt needs --counts FILE, one file: that of the sum")
    return Path(job.args.counts[0])


def given(job: Job, name: str) -> Path:
    if (file := getattr(job.args, name)) is None:
        raise LsifError(f"{job.args.what} needs --{name} FILE (see --help)")
    return Path(file)


if __name__ == "__main__":
    run_steps(__doc__, steps, ("privacy",), arguments)
