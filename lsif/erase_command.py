"""The commands that erase users, take an erasure back, and show what was taken out."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lsif.config import project_folder
from lsif.days import parsed_day
from lsif.errors import LsifError
from lsif.rows_out import AsCsv, AsJson, form

if TYPE_CHECKING:
    from lsif.tables import Tables

HEADER = "user_id"


def erase(
    users: Annotated[list[str] | None, typer.Argument(metavar="USER...", help="Ids, as they stand in events.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="CSV", help="More ids: the column user_id, or one a line.")
    ] = None,
    ds: Annotated[
        str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="As of this day; default: the newest of events.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="Purge at once, and not with the weekly tidying.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take an erasure back: rows delivered from now on stay.")
    ] = False,
) -> None:
    """Erase users: `lsif erase 385 --now`, or `lsif erase --file ids.csv`.

    No job that begins from now on sees them. The purge takes them out of every byte and writes a receipt each.
    A user who comes back stays erased until `lsif erase 385 --undo`; what is purged does not come back by that.
    """
    from lsif.lookup import named_in, tables
    from lsif.privacy.erased import undo as take_back
    from lsif.screen import console

    typed, stored = [*(users or []), *(ids_in_file(file) if file else [])], tables()
    given, ids = named_in(stored, typed)
    if not given and not now:
        raise LsifError("say whom to erase: ids, or --file with a CSV of them")
    if undo and now:
        raise LsifError("--undo takes an erasure back, --now purges: choose one of them")
    day = parsed_day(ds) if ds else _newest(stored)
    if undo:
        console.print(f"{len(take_back(stored, given, day, ids))} users are erased no longer")
        return
    if given:
        console.print(_asked(stored, given, ids, day))
    if now:
        raise typer.Exit(_job("--ds", day))


def receipts(
    verify: Annotated[
        bool, typer.Option("--verify", help="Hold the chain of receipts against itself and the tables.")
    ] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the receipts of erased users; `lsif receipts --verify` says whether one was changed or is missing."""
    from lsif.config import home_folder
    from lsif.lookup import tables
    from lsif.privacy import receipts as kept
    from lsif.privacy.erased import lines
    from lsif.screen import console, show

    how = form(as_json, as_csv)
    if verify:
        noted = {one["receipt"]: one["pseudonym"] for one in lines(tables()) if one["receipt"]}
        console.print(f"{kept.verify(home_folder(), noted)} receipts, each as it was written")
        return
    rows = [
        {
            **receipt,
            "rows": sum(table["rows"] for table in receipt["tables"].values()),
            "versions": ", ".join(receipt["versions_that_learned"]),
        }
        for _, receipt in kept.receipts(home_folder())
    ]
    columns = ["number", "pseudonym", "asked", "purged", "retrain_by", "rows", "versions"]
    show(how, f"{len(rows)} receipts" if rows else "nobody was purged yet", columns, rows)


def ids_in_file(file: Path) -> list[str]:
    """Ids of a CSV: its column `user_id`, or without such a header its first column.

    Raises:
        LsifError: it cannot be read, or names nobody.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LsifError(f"cannot read the ids of {file}: {error}") from error
    head = rows[0] if rows else []
    place = head.index(HEADER) if HEADER in head else 0
    body = rows[1:] if HEADER in head else rows
    if short := [number for number, row in enumerate(body, 1) if len(row) <= place or not row[place]]:
        raise LsifError(f"{file} names nobody in row {short[0]}: nothing was erased")
    if not body:
        raise LsifError(f"{file} names nobody")
    return [row[place] for row in body]


def _asked(stored: "Tables", given: list[str], ids: dict[str, str], day: str) -> str:
    from lsif.config import load_settings
    from lsif.lookup import versions
    from lsif.privacy.erased import ask

    learned = [str(row["version"]) for row in versions()]
    new = ask(stored, given, day, load_settings().privacy.retrain_days, learned, ids)
    before = len(set(given)) - len(new)
    known = f", {before} were on the list before" if before else ""
    return f"{len(new)} users are erased as of {day}{known}: {', '.join(one[:12] for one in new) or 'nobody new'}"


def _newest(stored: "Tables") -> str:
    days = stored.days("events")
    if not days:
        raise LsifError("there are no events yet: say as of which day with --ds")
    return days[-1]


def _job(*words: str) -> int:
    script = project_folder() / "jobs" / "erase.py"
    env = {**os.environ, "PYTHONPATH": str(project_folder())}
    return subprocess.run([sys.executable, str(script), *words], env=env, check=False).returncode
