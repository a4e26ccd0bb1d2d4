"""What a section of the page is made of. Texts are plain texts: the template escapes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Tone = Literal["plain", "good", "warn", "bad"]


@dataclass(frozen=True)
class Say:
    """A paragraph."""

    text: str
    tone: Tone = "plain"
    kind: str = "say"


@dataclass(frozen=True)
class Figure:
    """One number, large."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True)
class Figures:
    of: Sequence[Figure]
    kind: str = "figures"


@dataclass(frozen=True)
class Cell:
    """Of a table.

    Attributes:
        bar: length of a bar before the text, 0 to 1.
        note: what stands below it, small.
    """

    text: str
    number: bool = False
    tone: Tone = "plain"
    bar: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """A table; the first cell of a row is its heading. `folded` hides it behind its caption."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    folded: bool = False
    kind: str = "grid"


@dataclass(frozen=True)
class Span:
    """A value with its interval; without one there is only the value."""

    label: str
    value: float
    low: float | None
    high: float | None
    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Spans:
    """Values with intervals, one below the other on one scale.

    Attributes:
        mark: where a line stands, as nought or the mean of all.
    """

    caption: str
    of: Sequence[Span]
    mark: float | None = 0.0
    mark_text: str = ""
    kind: str = "spans"


@dataclass(frozen=True)
class Trend:
    """Ours by day, with intervals, and what it is held against.

    Attributes:
        days: the newest last; values are None where nothing is known.
        told: in words, for who does not see it.
    """

    title: str
    days: Sequence[str]
    ours: Sequence[float | None]
    low: Sequence[float | None]
    high: Sequence[float | None]
    theirs: Sequence[float | None]
    told: str


@dataclass(frozen=True)
class Trends:
    caption: str
    ours: str
    theirs: str
    of: Sequence[Trend]
    kind: str = "trends"


@dataclass(frozen=True)
class Stack:
    """Parts of one whole; `texts` beside the parts that are wide enough."""

    label: str
    parts: Sequence[float]
    texts: Sequence[str]
    told: str


@dataclass(frozen=True)
class Stacks:
    caption: str
    names: Sequence[str]
    of: Sequence[Stack]
    kind: str = "stacks"


@dataclass(frozen=True)
class Bars:
    """A distribution: heights of bars side by side, relative to the highest."""

    title: str
    heights: Sequence[float]
    first: str
    last: str
    told: str


@dataclass(frozen=True)
class Distributions:
    caption: str
    of: Sequence[Bars]
    kind: str = "distributions"


@dataclass(frozen=True)
class Row:
    title: str
    reason: str


@dataclass(frozen=True)
class Person:
    """A user under a pseudonym.

    Attributes:
        weeks: how dark each week of the history is, 0 to 4, the newest last.
        recent: titles, the newest first.
        lists: name and first rows.
    """

    name: str
    summary: str
    weeks: Sequence[int]
    weeks_told: str
    recent: Sequence[str]
    lists: Sequence[tuple[str, Sequence[Row]]]


@dataclass(frozen=True)
class People:
    weeks: str
    recent: str
    nothing: str
    of: Sequence[Person]
    kind: str = "people"


Block = Say | Figures | Grid | Spans | Trends | Stacks | Distributions | People


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        blocks: none where there is nothing to say; then `lead` says why and what would change that.
        queries: SQL over the tables that gives the section's numbers again.
    """

    name: str
    title: str
    lead: str
    blocks: Sequence[Block] = ()
    queries: Sequence[str] = field(default_factory=tuple)


def text(value: object, tone: Tone = "plain") -> Cell:
    return Cell("" if value is None else str(value), tone=tone)


def number(value: str, tone: Tone = "plain", bar: float | None = None, note: str = "") -> Cell:
    return Cell(value, number=True, tone=tone, bar=bar, note=note)
