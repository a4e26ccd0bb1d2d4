"""The page of a night, and the index of all nights: from tables to files."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsif.outages import without_login
from lsif.report.answers import answers, experiment
from lsif.report.blocks import Section
from lsif.report.change import change
from lsif.report.cost import cost
from lsif.report.drift import drift
from lsif.report.fairness import fairness
from lsif.report.freshness import freshness
from lsif.report.funnel import funnel
from lsif.report.model_card import model_card
from lsif.report.night import Night
from lsif.report.people import people
from lsif.report.quality import quality
from lsif.report.rendered import put, rendered
from lsif.report.shares import shares
from lsif.report.texts import LANGUAGES
from lsif.report.texts.words import Words
from lsif.report.verdict import verdict

SECTIONS: tuple[Callable[[Night, Words], Section], ...] = (
    quality,
    freshness,
    change,
    answers,
    experiment,
    shares,
    funnel,
    fairness,
    drift,
    model_card,
    people,
    cost,
)
"""In the order in which people ask."""
INDEX = "index.html"
SUMMARY = re.compile(r'<meta name="lsif-night" content="([^"]*)">')
"""What the index reads of a page."""


def page(night: Night) -> str:
    """The page of one night as HTML, whole in itself."""
    say = LANGUAGES[night.settings.text.language]
    told = verdict(night, say)
    sections = [section(night, say) for section in SECTIONS]
    summary = {"ds": night.ds, "tone": told.tone, "word": told.word, "sentence": f"{told.tonight} {told.past}"}
    tables = without_login(night.tables.root)
    told_of = {"verdict": told, "sections": sections, "summary": json.dumps(summary), "tables": tables}
    return rendered("page.html", say=say, ds=night.ds, **told_of)


def index(folder: Path, language: str) -> str:
    """The page over all pages of a folder, the newest first."""
    found = [_summary(file) for file in sorted(folder.glob("????-??-??.html"), reverse=True)]
    say = LANGUAGES[language]
    return rendered("index.html", say=say, nights=[one for one in found if one])


def write(night: Night, folder: Path) -> Path:
    """Write a night's page and the index into `folder`; each is whole or as it was.

    Raises:
        LsifError: nothing can be written there.
    """
    file = put(folder / f"{night.ds}.html", page(night))
    put(folder / INDEX, index(folder, night.settings.text.language))
    return file


def _summary(file: Path) -> dict[str, Any] | None:
    """What a page says of itself; nothing where it is no page of ours."""
    found = SUMMARY.search(file.read_text("utf-8"))
    try:
        told = json.loads(html.unescape(found[1])) if found else None
    except ValueError:
        return None
    return told if isinstance(told, dict) and told.get("ds") == file.stem else None
