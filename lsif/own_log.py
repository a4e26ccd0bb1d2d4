"""The commands for a log of one's own: a configuration proposed, and what one would make of the files."""

from pathlib import Path
from typing import Annotated

import typer

from lsif.days import parsed_day
from lsif.errors import LsifError


def init(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Events, and a catalogue or users.")],
) -> None:
    """Propose a configuration for files that have none: `lsif init events.csv items.csv > my.toml`."""
    from lsif.intake.proposed import proposed, toml
    from lsif.intake.sample import sampled

    print(toml(proposed([sampled(str(Path(file).absolute()) if "://" not in file else file) for file in files])))


def check(
    ds: Annotated[
        str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="Default: the newest day there is.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Most rows of a source that are looked at.")] = 100_000,
) -> None:
    """Show what the configuration makes of the files: columns, times, rules broken. Exit code 2 with what to mend."""
    from lsif.config import load_settings
    from lsif.interests.checked import checked
    from lsif.screen import show_checked
    from lsif.spark import session

    found = []
    for one in checked(session("check"), load_settings(), parsed_day(ds) if ds else None, rows):
        show_checked(one)
        found += one.wrong
    if found:
        raise LsifError("; ".join(found))


COMMANDS = (init, check)
