"""Runs of Airflow that the command line starts and watches to their end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from lsif.days import parsed_day

if TYPE_CHECKING:
    from lsif.airflow_api import Airflow, Json


def airflow() -> "Airflow":
    from lsif import places

    return places.airflow()


def run_day(dag_id: str, ds: str, conf: "Json") -> None:
    """`_run`, and then what the ledger says that its steps did."""
    from lsif.lookup import steps_done, tables_are_known
    from lsif.screen import console, show_steps

    if not tables_are_known():
        run(dag_id, parsed_day(ds), conf)
        console.print("what its steps did stands in the table runs: LSIF_TABLES names where that lies")
        return
    known = steps_done(parsed_day(ds))
    run(dag_id, ds, conf)
    lines = steps_done(ds, after=known[-1]["seq"] if known else 0)
    if not lines:
        console.print(f"ds={ds}: nothing to do, inputs, settings and code are what they were (--force runs it anyway)")
    show_steps(lines)


def run(dag_id: str, ds: str | None, conf: "Json", say_last: bool = False) -> None:
    """Trigger a run and watch it to its end; exit code 1 when it fails."""
    from lsif.screen import Progress, console, said_last

    opened = airflow()
    done = opened.wait_for_run(opened.trigger(dag_id, ds, conf), Progress())
    finish(opened, [done])
    if say_last:
        console.print(said_last(opened.log(opened.tasks(done)[-1])), markup=False, soft_wrap=True)


def finish(airflow: "Airflow", runs: "Sequence[Json]") -> None:
    from lsif.screen import show_failures

    if show_failures(airflow, runs):
        raise typer.Exit(1)
