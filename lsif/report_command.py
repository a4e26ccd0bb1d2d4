"""The command that makes the page of a night, and opens it."""

from typing import TYPE_CHECKING, Annotated

import typer

from lsif.days import parsed_day

if TYPE_CHECKING:
    from lsif.report.night import ModelFacts
    from lsif.tables import Tables

FOLDER = "reports"
"""Below LSIF_HOME."""


def report(
    ds: Annotated[str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="Default: the newest published.")] = None,
    opened: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    without_users: Annotated[bool, typer.Option("--without-users", help="Leave the ten users out.")] = False,
) -> None:
    """Make the page of a night, and the index over all nights: `lsif report --ds 2017-10-31 --open`.

    The page says whether the night may stay and why: lists beside counting, freshness, changes, clicks, checks, ten users
    under pseudonyms, cost. One file that needs no server: mail it, with `--without-users` where users are not to be seen.
    """
    from lsif.config import load_settings
    from lsif.errors import LsifError
    from lsif.lookup import tables
    from lsif.report.night import Night
    from lsif.report.page import write

    stored, settings = tables(), load_settings()
    day = parsed_day(ds) if ds else max(stored.days("recommendations"), default=None)
    if day is None:
        raise LsifError("no list is published for any day: run `lsif trigger --ds ...`, or name a day with --ds")
    night = Night(stored, day, settings, model_facts(stored, day), with_users=not without_users)
    file = write(night, settings.home / FOLDER)
    typer.echo(str(file))
    if opened:
        typer.launch(file.as_uri())


def model_facts(stored: "Tables", ds: str) -> "ModelFacts | None":
    """What MLflow says of the version that made the lists; where it does not answer, its number and why."""
    from lsif.errors import LsifError
    from lsif.places import tracking_uri
    from lsif.registry import Registry
    from lsif.registry.nights import facts
    from lsif.report.night import ModelFacts, version_of

    version = version_of(stored, ds)
    if version is None:
        return None
    try:
        return ModelFacts(version, *facts(Registry(tracking_uri()), version))
    except LsifError as error:
        return ModelFacts(version, {}, (), str(error))
