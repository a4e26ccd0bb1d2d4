"""The page of what was released of a day: that table and titles of items. It may go wherever the table may."""

from collections.abc import Sequence
from pathlib import Path

from lsif.config import Settings
from lsif.evaluation.feedback import ALL, ANY_LIST
from lsif.privacy.release import DELTA, EPSILON, ITEM, RELEASED, TAKERS, USERS
from lsif.report.blocks import Block, Cell, Grid, Section, Span, Spans, number, text
from lsif.report.fairness import label
from lsif.report.night import PAGES, Night, Row
from lsif.report.numbers import count, score
from lsif.report.rendered import put, rendered
from lsif.report.texts import LANGUAGES
from lsif.report.texts.words import Words
from lsif.tables import Tables

NOISE = (EPSILON, DELTA)
ITEMS = 50
"""That the page shows; the table has all."""


def write(tables: Tables, ds: str, settings: Settings) -> Path:
    """Write the page of `ds` below the pages of nights.

    Raises:
        LsifError: nothing can be written there.
    """
    night, say = Night(tables, ds, settings), LANGUAGES[settings.text.language]
    rows = night.tables.read(RELEASED, [ds]).to_pylist()
    sections = [_items(night, rows, say), _groups(night, rows, say)]
    lead = say("released_lead", **{row["metric"]: f"{row['value']:g}" for row in rows if row["metric"] in NOISE})
    shown = [one for one in sections if one.blocks]
    nothing = "" if shown else say("released_none")
    page = rendered("released.html", say=say, ds=ds, lead=lead, nothing=nothing, sections=shown)
    return put(settings.home / PAGES / RELEASED / f"{ds}.html", page)


def _items(night: Night, rows: Sequence[Row], say: Words) -> Section:
    own = sorted((row for row in rows if row["metric"] == TAKERS), key=lambda row: (-row["value"], row["segment"]))[
        :ITEMS
    ]
    items = [row["segment"].removeprefix(ITEM) for row in own]
    titles = night.titles(set(items))
    cells: list[list[Cell]] = []
    for item, row in zip(items, own, strict=True):
        users = number(count(row["value"]), bar=row["value"] / own[0]["value"], note=_ends(row))
        cells.append([text(titles.get(item, item)), users])
    grid = Grid(say("released_items"), [say("released_item"), say("released_users")], cells)
    return Section("items", say("released_items"), say("released_items_lead"), [grid] if cells else [])


def _groups(night: Night, rows: Sequence[Row], say: Words) -> Section:
    """A chart for each list: everybody, then groups, each with its noise."""
    users = {(row["list"], row["segment"]): row["value"] for row in rows if row["metric"] == USERS}
    means = [row for row in rows if row["list"] != ANY_LIST and row["metric"] != USERS]
    blocks: list[Block] = []
    for name in night.lists({row["list"] for row in means}):
        own = sorted(
            (row for row in means if row["list"] == name), key=lambda row: (row["segment"] != ALL, row["segment"])
        )
        spans = [_span(row, users[name, row["segment"]], say) for row in own]
        blocks.append(Spans(f"{say.name(name)}: {own[0]['metric']}", spans, None))
    return Section("groups", say("released_groups"), say("released_groups_lead"), blocks)


def _span(row: Row, users: float, say: Words) -> Span:
    told = f"{score(row['value'])} · {say('n_users', n=count(users))}"
    return Span(label(row["segment"], say), row["value"], row["low"], row["high"], told)


def _ends(row: Row) -> str:
    return f"{count(row['low'])} – {count(row['high'])}"
