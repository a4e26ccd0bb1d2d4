"""The command that counts some users of a night again."""

from typing import Annotated

import typer

from lsif.days import parsed_day


def verify(
    ds: Annotated[str, typer.Option("--ds", metavar="YYYY-MM-DD", help="A published day.")],
    users: Annotated[int, typer.Option("--users", min=1, help="How many users to look at.")] = 20,
) -> None:
    """Count some users of a night again, from their events in plain Python: `lsif verify --ds 2017-10-31 --users 20`.

    Histories, windows, searches and visits must be equal, decayed weights to 1e-9; their lists are made once more by
    the model, one user at a time. Every night does so by itself when its lists are published. Exit code 2 where
    something differs.
    """
    from functools import cache

    from lsif.config import load_settings
    from lsif.errors import LsifError
    from lsif.lookup import model_of, tables
    from lsif.verify import verified

    found = verified(tables(), parsed_day(ds), load_settings(), cache(model_of), users)
    if found.differences:
        raise LsifError(f"{found.line()}; docs/faults.md says what to do")
    typer.echo(found.line())
