"""The page of what was released of a day: that table and titles of items. It may go wherever the table may."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from lsif.config import Settings
from lsif.evaluation.feedback import ALL, ANY_LIST
from lsif.privacy.release import DELTA, EPSILON, ITEM, RELEASED, TAKERS, USERS
from lsif.report.blocks import Block, Cell, Grid, Section, Span, Spans, number, text
from lsif.report.fairness import label
from lsif.report.night import PAGES, Row
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
    say, rows = LANGUAGES[settings.text.language], tables.read(RELEASED, [ds]).to_pylist()
    sections = [_items(rows, _titles(tables, ds), say), _groups(rows, settings, say)]
    lead = say("released_lead", **{row["metric"]: f"{row['value']:g}" for row in rows if row["metric"] in NOISE})
    shown = [one for one in sections if one.blocks]
    nothing = "" if shown else say("released_none")
    page = rendered("released.html", say=say, ds=ds, lead=lead, nothing=nothing, sections=shown)
    return put(settings.home / PAGES / RELEASED / f"{ds}.html", page)


def _titles(tables: Tables, ds: str) -> Mapping[str, str]:
    """Of the catalogue in force, which says nothing of users."""
    day = tables.newest_day("items", ds)
    rows = tables.read("items", [day] if day else [], ["item_id", "title"]).to_pylist()
    return {row["item_id"]: row["title"] for row in rows if row["title"]}


def _items(rows: Sequence[Row], titles: Mapping[str, str], say: Words) -> Section:
    own = sorted((row for row in rows if row["metric"] == TAKERS), key=lambda row: (-row["value"], row["segment"]))
    top = own[0]["value"] if own else 1
    cells: list[list[Cell]] = []
    for row in own[:ITEMS]:
        item = row["segment"].removeprefix(ITEM)
        cells.append(
            [text(titles.get(item, item)), number(count(row["value"]), bar=row["value"] / top, note=_ends(row))]
        )
    grid = Grid(say("released_items"), [say("released_item"), say("released_users")], cells)
    return Section("items", say("released_items"), say("released_items_lead"), [grid] if cells else [])


def _groups(rows: Sequence[Row], settings: Settings, say: Words) -> Section:
    """A chart for each list: everybody, then groups, each with its noise."""
    users = {(row["list"], row["segment"]): row["value"] for row in rows if row["metric"] == USERS}
    means = [row for row in rows if row["list"] != ANY_LIST and row["metric"] != USERS]
    order = {name: place for place, name in enumerate(settings.lists)}
    means.sort(key=lambda row: (order.get(row["list"], len(order)), row["list"], row["segment"] != ALL, row["segment"]))
    blocks: list[Block] = []
    for (name, metric), own in groupby(means, lambda row: (row["list"], row["metric"])):
        spans = [_span(row, users[row["list"], row["segment"]], say) for row in own]
        blocks.append(Spans(f"{say.name(name)}: {metric}", spans, None))
    return Section("groups", say("released_groups"), say("released_groups_lead"), blocks)


def _span(row: Row, users: float, say: Words) -> Span:
    told = f"{score(row['value'])} · {say('n_users', n=count(users))}"
    return Span(label(row["segment"], say), row["value"], row["low"], row["high"], told)


def _ends(row: Row) -> str:
    return f"{count(row['low'])} – {count(row['high'])}"
