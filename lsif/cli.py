"""The command line: thin over Airflow, MLflow and the tables. `lsif --help` says what there is."""

import shlex
import sys
from typing import Annotated

import typer

from lsif.config import home_folder
from lsif.days import parsed_day
from lsif.deliver_command import deliver
from lsif.drop_command import explain_drop
from lsif.erase_command import erase, receipts
from lsif.errors import LsifError
from lsif.experiment_command import experiment
from lsif.list_commands import interests, recs, similar, why
from lsif.llm_commands import llm
from lsif.outages import ended_with
from lsif.own_log import COMMANDS
from lsif.privacy_commands import COMMANDS as OF_PRIVACY
from lsif.report_command import report
from lsif.rows_out import AsCsv, AsJson, form
from lsif.verify_command import verify
from lsif.watching import airflow, finish, run, run_day
from lsif.what_if_command import what_if

# Each imports what it needs, so that `lsif --help` answers at once.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""Long-Short Interest Fusion: a ranked list for every user, every night.

    A first evening: `lsif up`, then `lsif train --ds 2017-10-30`, `lsif trigger --ds 2017-10-31`,
    `lsif recs 385`, and `lsif down` at the end. `lsif demo` does it all on a real year of shopping.
    Airflow's and MLflow's own commands work beside it after `eval "$(lsif env)"`.""",
)
SHOWING = (why, similar, what_if, explain_drop, experiment, deliver, report, receipts, verify)
for command in (*COMMANDS, *SHOWING, *OF_PRIVACY):
    app.command()(command)
for shown in (recs, interests, erase):
    app.command(context_settings={"ignore_unknown_options": True})(shown)
app.add_typer(llm, name="llm")

Ds = Annotated[str, typer.Option("--ds", metavar="YYYY-MM-DD", help="The UTC day of arrival.")]
Force = Annotated[bool, typer.Option("--force", help="Run steps whose inputs have not changed, too.")]
RULES = ("champion", "as_of", "none")
"""Models that `lsif trigger` takes without there being one of that name."""
Reason = Annotated[str | None, typer.Option("--reason", help="Why; kept with the decision.")]
Accept = Annotated[
    list[str] | None, typer.Option("--accept", metavar="CHECK", help="Let a bound pass for once; wants --reason.")
]


def accepted(accept: list[str] | None, reason: str | None) -> dict[str, str]:
    """What a night's run is told of bounds that a person lets pass, and why.

    Raises:
        LsifError: there is no such check, or no reason.
    """
    from lsif.checks import Acceptance

    Acceptance.of(accept or [], reason)
    return {key: text for key, text in (("accept", ",".join(accept or [])), ("reason", reason)) if text}


@app.command()
def up() -> None:
    """Start PostgreSQL, Airflow and MLflow on 127.0.0.1; what runs already is left alone."""
    from lsif import services
    from lsif.screen import console, show_services

    with console.status("starting the services"):
        status = services.up(home_folder(), say=console.print)
    show_services(status)


@app.command()
def down() -> None:
    """Stop everything that `lsif up` started, running jobs included, and nothing else."""
    from lsif import services
    from lsif.screen import console

    with console.status("stopping the services"):
        stopped = services.down(home_folder(), say=console.print)
    if not stopped:
        console.print("nothing was running")


@app.command()
def status(as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """Show what runs, where, and how to sign in. Exit code 1 when not everything is healthy."""
    from lsif import places, services
    from lsif.rows_out import put_rows
    from lsif.screen import show_health, show_services

    how = form(as_json, as_csv)
    if url := places.airflow_url():
        raise typer.Exit(0 if show_health(how, url, places.tracking_uri()) else 1)
    found = services.status(home_folder())
    if how == "screen":
        show_services(found)
    else:
        put_rows(how, ["name", "alive", "healthy", "pid", "memory_mb"], [vars(part) for part in found.parts])
    raise typer.Exit(0 if found.is_up else 1)


@app.command()
def env() -> None:
    """Print what `airflow`, `mlflow` and the jobs need to be run by hand: `eval "$(lsif env)"`."""
    from lsif import services

    for name, value in services.environment(home_folder()).items():
        print(f"export {name}={shlex.quote(value)}")
    # The shell reads the password when it takes this over; it is not printed.
    file = shlex.quote(str(services.mlflow_login_file(home_folder(), "jobs")))
    print("export MLFLOW_TRACKING_USERNAME=jobs")
    print(f'export MLFLOW_TRACKING_PASSWORD="$(cut -d \'"\' -f 4 {file})"')


@app.command()
def trigger(
    ds: Ds,
    force: Force = False,
    model: Annotated[str | None, typer.Option(help="Version or alias.")] = None,
    accept: Accept = None,
    reason: Reason = None,
) -> None:
    """Run the night of one day and watch it: `lsif trigger --ds 2017-10-31`.

    A day beyond a bound of `[checks]` stops; `--accept max_drop --reason "Christmas"` lets it pass.
    """
    from lsif.lookup import check_version

    if model and model not in RULES:
        check_version(model)
    conf = {"force": force} | ({"model": model} if model else {}) | accepted(accept, reason)
    run_day("lsif_nightly", ds, conf)


@app.command()
def backfill(
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day.")],
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day, included.")],
    force: Force = False,
    accept: Accept = None,
    reason: Reason = None,
) -> None:
    """Run the nights of several days, oldest first: `lsif backfill --from 2017-11-01 --to 2017-11-07`.

    `--accept max_drop --reason "Christmas"` lets each of them pass beyond that bound.
    """
    from lsif.screen import Progress

    if parsed_day(first) > parsed_day(last):
        raise LsifError(f"--from {first} is after --to {last}")
    conf = {"force": force} | accepted(accept, reason)
    opened = airflow()
    made = opened.backfill("lsif_nightly", first, last, conf)
    finish(opened, opened.wait_for_backfill(made, Progress()))


@app.command()
def stale(as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """Show which steps of which days read something that has changed since, and what follows from them."""
    from lsif.config import load_settings
    from lsif.lookup import tables
    from lsif.screen import show
    from lsif.stale import no_longer_made, stale_steps

    how = form(as_json, as_csv)
    rows = [vars(one) for one in stale_steps(tables(), no_longer_made(load_settings()))]
    show(how, f"{len(rows)} steps are stale" if rows else "nothing is stale", ["step", "ds", "because"], rows)


@app.command()
def cascade(
    ds: Annotated[str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="Run this day's night first.")] = None,
    accept: Accept = None,
    reason: Reason = None,
) -> None:
    """Run the nights and trainings that are stale, and only those, oldest first: `lsif cascade --ds 2017-10-20`.

    Give the day that was delivered again; `--accept` is for that day, and what was accepted of the others before holds.
    An ordinary run each, as Airflow's pages show.
    """
    from lsif.config import load_settings
    from lsif.lookup import tables
    from lsif.screen import console
    from lsif.stale import cascade as remade
    from lsif.stale import no_longer_made

    conf = accepted(accept, reason)
    if conf and not ds:
        raise LsifError("--accept lets one day pass: say which with --ds")
    stored, gone = tables(), no_longer_made(load_settings())
    if ds:
        run("lsif_nightly", parsed_day(ds), conf)
    runs = remade(stored, lambda day: run("lsif_nightly", day, {}), lambda day: run("lsif_training", day, {}), gone)
    console.print(f"{runs} runs; nothing is stale")


@app.command()
def train(
    ds: Ds,
    force: Force = False,
    force_reason: Annotated[str | None, typer.Option(help="Promote past a HOLD of the gate, for this reason.")] = None,
) -> None:
    """Train, judge and, when it has earned it, promote a model: `lsif train --ds 2017-10-30`."""
    run_day("lsif_training", ds, {"force": force} | ({"force_reason": force_reason} if force_reason else {}))


@app.command()
def promote(
    version: Annotated[str | None, typer.Argument(help="Version number (default: the challenger).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Past a HOLD of the gate; wants --reason.")] = False,
    reason: Reason = None,
) -> None:
    """Make a version champion: `lsif promote 3 --reason "looks right"`. The next day is scored with it."""
    from lsif.lookup import check_version

    if force and not reason:
        raise LsifError("--force wants a --reason")
    if version and not version.isdecimal():
        raise LsifError(f"{version!r} is not a version number: `lsif models` shows them")
    if version:
        check_version(version)
    given = {"version": version, "reason": reason}
    conf = {"action": "promote", "force": force} | {key: value for key, value in given.items() if value}
    run("lsif_promotion", None, conf, say_last=True)


@app.command()
def rollback(reason: Reason = None) -> None:
    """Make the previous champion champion again: `lsif rollback --reason "sales fell"`."""
    run("lsif_promotion", None, {"action": "rollback"} | ({"reason": reason} if reason else {}), say_last=True)


@app.command()
def models(as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """Show the registered versions, their aliases, what the gate and people said, and the last moves of aliases."""
    from lsif.lookup import moves, versions
    from lsif.screen import show

    how, rows = form(as_json, as_csv), versions()
    title = "model lsif" if rows else "no version is registered yet: `lsif train --ds ...` makes one"
    columns = ["version", "aliases", "ds", "trained_through", "gate", "gate_reasons", "decided", "text_encoder"]
    show(how, title, columns, rows)
    if how == "screen" and (last := moves()):
        show(how, "moves of aliases, the last first", ["ds", "alias", "from", "to", "who", "reason"], last)


@app.command()
def upgrade() -> None:
    """Bring the tables of an earlier release to this one's columns; models of that release are trained anew."""
    from lsif.lookup import tables
    from lsif.screen import console
    from lsif.upgrade import upgrade as upgraded

    changed = upgraded(tables())
    for name, rows in changed.items():
        console.print(f"{name}: {rows:,} rows have today's columns")
    if changed:
        console.print("a model of that release is refused by the night: `lsif train --ds ...` makes one that fits")
    else:
        console.print("nothing to do: every table has today's columns")


@app.command()
def demo() -> None:
    """Run real nights on a real year of shopping, from nothing; a second time is quicker."""
    from lsif.demo import run

    run()


def main() -> None:
    """Entry point; whatever a person can mend is one line on stderr and exit code 2, an outage 75."""
    try:
        app()
    except Exception as error:
        if (told := ended_with(error)) is None:
            raise
        print(f"lsif: {told}", file=sys.stderr)
        sys.exit(told.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
