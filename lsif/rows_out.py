"""Rows for other programs, on standard output: whole values, every column, nothing else beside them."""

import csv
import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer

from lsif.errors import LsifError

Form = Literal["screen", "json", "csv"]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: rows as JSON, whole.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="For programs: rows as CSV, whole.")]


def form(as_json: bool, as_csv: bool) -> Form:
    """What the two flags ask for.

    Raises:
        LsifError: both are given.
    """
    if as_json and as_csv:
        raise LsifError("--json or --csv, not both")
    return "json" if as_json else "csv" if as_csv else "screen"


def put_rows(how: Form, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as JSON (an array of objects) or as CSV with a header: `columns` first, then what else there is."""
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    if how == "json":
        json.dump([{name: row.get(name) for name in names} for row in rows], sys.stdout, default=str, indent=1)
        sys.stdout.write("\n")
        return
    flat = [name for name in names if not any(isinstance(row.get(name), list | dict) for row in rows)]
    writer = csv.DictWriter(sys.stdout, flat, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
