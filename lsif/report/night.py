"""What the tables say of one night, read when a section asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings
from lsif.days import day_before, days_between
from lsif.engine import engine
from lsif.evaluation.judgement import cuts_of
from lsif.privacy.noise import shown
from lsif.report.steps import PUBLISH, TRAINING, is_afterwards, last_by_step
from lsif.tables import Tables

Row = dict[str, Any]
PAGES = "reports"
"""Folder of the pages, below LSIF_HOME."""
NIGHTS = 30
"""That charts show."""
REACH = "SELECT count(DISTINCT user_id), count(*), count(DISTINCT list) FROM recommendations"
LINE = ["seq", "step", "ds", "status", "rows_in", "rows_out", "duplicates", "quarantined", "seconds", "peak_memory_mb"]
LINE += ["cpu_seconds", "model_version"]
"""Without the note: what a failed step said may name a user, and the page names none."""


@dataclass(frozen=True)
class ModelFacts:
    """What the registry says of the version that made the lists.

    Attributes:
        tags: none where nobody answered; then `because` says why.
        comparison: rows of its training's comparison on the days held out.
    """

    version: str
    tags: Mapping[str, str]
    comparison: Sequence[Row] = ()
    because: str = ""


class Reach(NamedTuple):
    """How many users have lists of a night, rows, and lists."""

    users: int
    rows: int
    lists: int


@dataclass(frozen=True)
class Change:
    """Of a list's score from one judged night to the next, beyond chance, and how much of it is of which cause."""

    name: str
    against: str
    ds: str
    before: float
    after: float
    parts: Mapping[str, float]


class Night:
    """One night, by its tables; each stays as it is at its first look.

    Args:
        model: of the version that made the lists; None where no list is published.
        with_users: whether some users may be shown, under pseudonyms.
        changes: of scores, where they are clear of chance.
    """

    def __init__(
        self, tables: Tables, ds: str, settings: Settings, model: ModelFacts | None = None, with_users: bool = True
    ) -> None:
        self.tables, self.ds, self.settings = tables.pinned(), ds, settings
        self.model, self.with_users = model, with_users
        self.changes: Sequence[Change] = ()

    @property
    def horizon(self) -> int:
        return self.settings.training.horizon_days

    @property
    def cut(self) -> int:
        """How many first rows the metrics are of, as `judgement` cuts lists."""
        return cuts_of(self.settings)[0]

    @cached_property
    def days(self) -> list[str]:
        """The days of the charts, the night's last."""
        return days_between(day_before(self.ds, NIGHTS - 1), self.ds)

    @cached_property
    def ledger(self) -> list[Row]:
        """Lines of the charts' nights, in the order in which the steps ended."""
        of_days = pc.field("ds").isin(self.days) & ~pc.field("step").isin(TRAINING)
        rows: list[Row] = self.tables.read("runs", columns=LINE, filter=of_days).sort_by("seq").to_pylist()
        return rows

    @cached_property
    def lines(self) -> dict[str, Row]:
        """The last line of each step of the night, in the order in which they ended."""
        return last_by_step(row for row in self.ledger if row["ds"] == self.ds)

    @cached_property
    def checks(self) -> list[Row]:
        """What the night was held against, as the steps ran."""
        order = {step: place for place, step in enumerate(self.lines)}
        rows: list[Row] = self.tables.read("checks", [self.ds]).to_pylist()
        return sorted(rows, key=lambda row: order.get(row["step"], -1))

    @cached_property
    def published(self) -> bool:
        return self.ds in self.tables.days("recommendations", self.ds, self.ds)

    @cached_property
    def reach(self) -> Reach:
        with engine() as sql:
            rows = self.tables.scan("recommendations", [self.ds]).scanner(columns=["user_id", "list"])
            sql.register("recommendations", rows)
            (counted,) = sql.sql(REACH).fetchall()
            return Reach(*counted)

    @cached_property
    def last_published(self) -> str | None:
        """The newest night before whose lists are there."""
        return self.tables.newest_day("recommendations", day_before(self.ds))

    @cached_property
    def stopped(self) -> Row | None:
        """The line of the step that stopped the lists, where one did after they were last published."""
        made = self.lines.get(PUBLISH)
        since = made["seq"] if made and made["status"] == "done" else 0
        failed = [row for row in self._failed if not is_afterwards(row["step"])]
        return next((row for row in failed if row["seq"] > since), None)

    @cached_property
    def failed_afterwards(self) -> list[Row]:
        return [row for row in self._failed if is_afterwards(row["step"])]

    @property
    def _failed(self) -> list[Row]:
        return [row for row in self.lines.values() if row["status"] == "failed"]

    def metrics(self, chosen: pc.Expression, days: Sequence[str] | None = None) -> list[Row]:
        """Rows of `metrics_daily` of the night, or of `days`; none of a group of too few users to be shown."""
        rows: list[Row] = self.tables.read("metrics_daily", days or [self.ds], filter=chosen).to_pylist()
        return [row for row in rows if shown(row["segment"], row["n"], self.settings.privacy.min_users)]

    @cached_property
    def titles_day(self) -> str | None:
        return self.tables.newest_day("items", self.ds)

    def titles(self, items: set[str]) -> dict[str, str]:
        """Titles of some items in the catalogue in force."""
        if self.titles_day is None:
            return {}
        chosen = pc.field("item_id").isin(pa.array(sorted(items), pa.string()))
        rows = self.tables.read("items", [self.titles_day], ["item_id", "title"], chosen).to_pylist()
        return {row["item_id"]: row["title"] for row in rows if row["title"]}

    def lists(self, names: set[str]) -> list[str]:
        """Lists in the order of the settings; any other comes after them."""
        return [*(name for name in self.settings.lists if name in names), *sorted(names - self.settings.lists.keys())]


def version_of(tables: Tables, ds: str) -> str | None:
    """The version of the model that made the published lists of `ds`; None where there are none."""
    columns = ["model_version"]
    first = next((part for part in tables.row_groups("recommendations", ds, columns) if len(part)), None)
    return None if first is None else str(first["model_version"][0].as_py())
