"""Settings of the weekly tidying: how long things are kept."""

from typing import Self

from pydantic import Field, PositiveInt, model_validator

from lsif.privacy.scope import PERSONAL
from lsif.sources import Section


class Retention(Section):
    """What the weekly tidying leaves. Events, lists, feedback and the ledger stay, unless `tables` says how long."""

    days: PositiveInt = 180
    """Tiles, histories and windows of older days go, but for what the days after them and the trainings need."""
    vacuum_days: PositiveInt = 7
    """How long a replaced file stays, for readers that opened the table before."""
    tables: dict[str, PositiveInt] = Field(default={})
    """Table that holds users = days for which its rows are kept; by default always. Never less than `days`, but for
    `quarantine`, which no night reads."""

    @model_validator(mode="after")
    def _keeps_what_nights_need(self) -> Self:
        for name, days in self.tables.items():
            if name not in PERSONAL:
                raise ValueError(f"retention.tables: {name!r} is none of {', '.join(PERSONAL)}")
            if name != "quarantine" and days < self.days:
                raise ValueError(
                    f"retention.tables: {name} = {days} is less than days = {self.days}, which nights need"
                )
        return self
