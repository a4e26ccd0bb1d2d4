"""The command that makes the page of a night, and opens it."""

from typing import Annotated

import typer

from lsif.days import parsed_day


def report(
    ds: Annotated[str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="Default: the newest published.")] = None,
    opened: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    without_users: Annotated[bool, typer.Option("--without-users", help="Leave the ten users out.")] = False,
) -> None:
    """Make the page of a night, and the index over all nights: `lsif report --ds 2017-10-31 --open`.

    It says whether the night may stay and why: lists beside counting, freshness, changes, clicks, checks, ten users
    under pseudonyms, cost. One file that needs no server: mail it, with `--without-users` where nobody may be seen.
    Every night makes its own; this makes it again, as the tables are now.
    """
    from lsif.config import load_settings
    from lsif.errors import LsifError
    from lsif.lookup import tables
    from lsif.morning import pages
    from lsif.places import tracking_uri

    stored, settings = tables(), load_settings()
    day = parsed_day(ds) if ds else max(stored.days("recommendations"), default=None)
    if day is None:
        raise LsifError("no list is published for any day: run `lsif trigger --ds ...`, or name a day with --ds")
    try:
        mlflow = tracking_uri()
    except LsifError:  # nothing is up: the tables are enough for a page
        mlflow = None
    *_, file = pages(stored, day, settings, mlflow, settings.report.users and not without_users)
    typer.echo(str(file))
    if opened:
        typer.launch(file.as_uri())
