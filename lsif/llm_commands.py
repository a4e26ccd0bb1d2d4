"""The commands that hand requests for a large language model out and take its answers in."""

from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lsif.days import parsed_day

if TYPE_CHECKING:
    from lsif.job import Job

llm = typer.Typer(no_args_is_help=True, help="What a large language model says of the catalogue, asked in files.")
Ds = Annotated[str, typer.Option("--ds", metavar="YYYY-MM-DD", help="The day whose catalogue is asked about.")]


@llm.command()
def export(ds: Ds, out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the requests go.")]) -> None:
    """Write what is to be asked, for any OpenAI-compatible batch: `lsif llm export --ds 2017-10-31 --out ask.jsonl`.

    The first file asks for the list of kinds, the next, after its answer came in, about every text.
    """
    from lsif.enrichment.steps import ASK, ask, ask_inputs
    from lsif.job import run_step

    run_step(ASK, _job(ds, force=True), partial(ask_inputs, out=out), partial(ask, out=out))


@llm.command("import")
def take_in(file: Annotated[Path, typer.Argument(metavar="FILE", help="Output of the batch.")], ds: Ds) -> None:
    """Take answers in, as far as they hold: `lsif llm import answers.jsonl --ds 2017-10-31`.

    Nights from that day on know them. A file that came half-way may come again whole.
    """
    from lsif.enrichment.steps import TAKE, take, take_inputs
    from lsif.job import run_step

    run_step(TAKE, _job(ds), partial(take_inputs, answers=file), partial(take, answers=file))


def _job(ds: str, force: bool = False) -> "Job":
    """As `jobs/enrich_items.py` has it."""
    from lsif.config import load_settings, project_folder
    from lsif.enrichment.steps import SECTIONS
    from lsif.job import Job
    from lsif.tables import Tables

    settings = load_settings()
    tables, entry_point = Tables(settings.tables), project_folder() / "jobs" / "enrich_items.py"
    tables.require_writable()
    return Job(parsed_day(ds), settings, tables, Namespace(), entry_point, force).given(*SECTIONS)
