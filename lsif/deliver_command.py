"""The command that delivers a published day again, or shows what is live where."""

import os
import subprocess
import sys
from typing import Annotated, Any

import typer

from lsif.config import project_folder
from lsif.days import parsed_day
from lsif.errors import LsifError
from lsif.rows_out import AsCsv, AsJson, form


def deliver(
    ds: Annotated[
        str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="The day whose lists to deliver.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="NAME", help="Only to this one; default: all.")] = None,
    back: Annotated[bool, typer.Option("--back", help="Although a newer day is live there.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write lists that are live once more.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Show what is live where, and change nothing.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Bring a day's published lists to the databases of `[deliver]`: `lsif deliver --ds 2017-10-31`.

    A night does so by itself. `lsif deliver --status` shows what is live where, `--back` goes back to an older day.
    """
    if status == (ds is not None):
        raise LsifError("say a day with --ds, or ask with --status what is live")
    if status:
        _show(to, as_json, as_csv)
        return
    day = parsed_day(str(ds))
    words = [*(["--to", to] if to else []), *["--back"] * back, *["--force"] * force]
    raise typer.Exit(_job("--ds", day, *words))


def _job(*words: str) -> int:
    """The job that the night runs, so that one line of the ledger speaks of both."""
    from lsif.lookup import tables

    tables()
    script = project_folder() / "jobs" / "deliver.py"
    env = {**os.environ, "PYTHONPATH": str(project_folder())}
    return subprocess.run([sys.executable, str(script), *words], env=env, check=False).returncode


def _show(to: str | None, as_json: bool, as_csv: bool) -> None:
    from lsif.config import load_settings
    from lsif.delivery import chosen, each, opened
    from lsif.screen import show

    how, destinations = form(as_json, as_csv), chosen(load_settings().deliver, to)
    rows: list[dict[str, Any]] = []

    def look(name: str) -> None:
        with opened(name, destinations[name]) as place:
            live = place.live()
        rows.append({"name": name, "at": destinations[name].place} | (vars(live) if live else {"ds": "nothing yet"}))

    try:
        each(destinations, look)
    finally:
        show(how, "what readers see", ["name", "at", "ds", "number", "rows", "hours_left"], rows)
