"""From templates to HTML, and from HTML to files that are whole or as they were."""

from importlib.resources import files
from pathlib import Path

import jinja2

from lsif.outages import explained
from lsif.report import charts


def rendered(template: str, **told: object) -> str:
    """A page, whole in itself; texts are escaped."""
    loader = jinja2.FunctionLoader(lambda name: (files("lsif.report") / "templates" / name).read_text("utf-8"))
    made = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    made.globals.update(drawn=charts.drawn, scale=charts.Scale.of)
    return made.get_template(template).render(**told)


def put(file: Path, text: str) -> Path:
    """Write a page, and the folder where it is missing.

    Raises:
        LsifError: nothing can be written there.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8")
        part.replace(file)
    except OSError as error:
        raise explained(f"the page {file} cannot be written", error) from error
    return file
