"""What the command line shows: a run's progress, the services, lists and versions."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from lsif.airflow_api import Airflow, Json
    from lsif.interests.checked import Checked
    from lsif.rows_out import Form
    from lsif.services import Status

console = Console(highlight=False)
COLOURS = {"success": "green", "failed": "red", "upstream_failed": "red", "running": "cyan", "skipped": "yellow"}


class Progress:
    """Prints a line whenever a task of a watched run changes its state."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}

    def __call__(self, run: "Json", tasks: "list[Json]") -> None:
        day = run["partition_key"] or (run["conf"] or {}).get("ds") or run["dag_id"]
        for task in tasks:
            where, state = (run["dag_run_id"], task["task_id"]), task["state"]
            if state not in COLOURS or self._seen.get(where) == state:
                continue
            self._seen[where] = state
            seconds = f"{task['duration']:6.1f} s" if task.get("duration") and state != "running" else ""
            console.print(f"{day}  [{COLOURS[state]}]{state:<15}[/] {task['task_id']:<24}{seconds}".rstrip())


def show_failures(airflow: "Airflow", runs: "Sequence[Json]") -> bool:
    """Print why runs failed: the last thing each failed task said. True when one did."""
    failed = [run for run in runs if run["state"] != "success"]
    for run in failed:
        for task in airflow.tasks(run):
            if task["state"] == "failed":
                reason = said_last(airflow.log(task))
                console.print(
                    f"[red]{run['partition_key'] or ''} {task['task_id']} failed:[/] {escape(reason)}", soft_wrap=True
                )
        console.print(f"  look at it: {airflow.page(run)}", soft_wrap=True)
    return bool(failed)


def said_last(log: str) -> str:
    """The last line of a task's log that is the job's own or the reason of a failure, not Airflow's bracket."""
    brackets = ("::", "Command exited", "Task failed with exception")
    lines = [line for line in log.splitlines() if line.strip() and not line.startswith(brackets)]
    return lines[-1] if lines else "(it said nothing)"


def show_services(status: "Status") -> None:
    """Every part with its pid and memory, the addresses, and how to sign in."""
    table = _table("part", "state", "pid", "memory")
    for part in status.parts:
        state = "healthy" if part.healthy else "not healthy" if part.alive else "not running"
        colour = {"healthy": "green", "not healthy": "red"}.get(state, "dim")
        memory = f"{part.memory_mb:.0f} MB" if part.alive else ""
        table.add_row(part.name, f"[{colour}]{state}[/]", str(part.pid or ""), memory)
    console.print(table)
    if status.endpoints and not status.is_down:
        console.print(
            f"Airflow  {status.endpoints.airflow_url}  (user admin, password in {status.password_file})", soft_wrap=True
        )
        console.print(
            f"MLflow   {status.endpoints.mlflow_url}  (user reader, password in {status.mlflow_password_file}; "
            "promoter's is beside it)",
            soft_wrap=True,
        )


def show_steps(lines: Sequence[dict[str, Any]]) -> None:
    """What each line of the ledger says that its step did."""
    from lsif.job import Counts

    for line in lines:
        done, counts = line["status"] == "done", {field.name: line[field.name] for field in fields(Counts)}
        said = Counts(**counts).summary() if done else f"{line['status']}, {line['note']}"
        console.print(f"{line['step']}: {said} in {line['seconds']:.1f} s", markup=False, soft_wrap=True)


def show(how: "Form", title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Rows for the screen, under a title that says so when there are none, or for another program."""
    from lsif.rows_out import put_rows

    if how == "screen":
        show_rows(title, columns, rows)
    else:
        put_rows(how, columns, rows)


def show_health(how: "Form", airflow: str, mlflow: str) -> bool:
    """Whether the parts at two addresses are healthy, part by part and as one word."""
    from lsif.services.parts import health

    found = health(airflow, mlflow)
    rows = [{"name": part, "state": "healthy" if well else "not healthy"} for part, well in found.items()]
    show(how, f"Airflow {airflow}, MLflow {mlflow}", ["name", "state"], rows)
    return all(found.values())


def show_rows(title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """A table with a title, or only that without rows; numbers to three places, absent values blank.

    Where no terminal reads it, a row is a line, and nothing is cut or wrapped.
    """
    if not rows:
        console.print(title, markup=False, soft_wrap=True)
        return
    cells = [[_text(row.get(column)) for column in columns] for row in rows]
    if not console.is_terminal:
        for line in (title, *_aligned([list(columns), *cells])):
            console.print(line, markup=False, soft_wrap=True)
        return
    table = _table(*columns)
    table.title, table.title_justify = escape(title), "left"
    for row in cells:
        table.add_row(*map(escape, row))
    console.print(table)


def show_checked(found: "Checked") -> None:
    """What one door's sample holds and would lose, as it is written: signs of markup are signs."""
    console.print(f"{found.name}", style="bold", markup=False)
    for line in found.mapping:
        theirs = f"{line['ours']} = {line['theirs']}".ljust(36)
        console.print(f"  {theirs}  {line['before']}  ->  {line.get('after', '')}", markup=False, soft_wrap=True)
    for name, said in found.facts.items():
        console.print(f"  {name}: {said}", markup=False, soft_wrap=True)
    for line in found.rejected:
        console.print(
            f"  rejected by {line['rule']}: {line['rows']:,}, as {line['examples']}", markup=False, soft_wrap=True
        )


def _aligned(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _text(value: Any) -> str:
    """As one line: a break within a title would look like another row."""
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else " ".join(str(value).splitlines())


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
