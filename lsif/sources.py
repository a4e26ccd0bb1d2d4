"""What a delivery may look like: what events, catalogue and users say of their files in the same words."""

import codecs
import difflib
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, model_validator

from lsif.days import day_before
from lsif.intake.patterns import java_pattern
from lsif.intake.unfolding import deepest


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"no such time zone: {name!r} (use a name like 'UTC' or 'Europe/Paris')")
    return name


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"no such encoding: {name!r} (use a name like 'utf-8', 'cp1252' or 'utf-16')") from None


def _readable_formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    for one in formats:
        java_pattern(one)
    return formats


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


TimeZone = Annotated[str, AfterValidator(_known_zone)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]
Words = Annotated[tuple[str, ...], BeforeValidator(_several)]
TimeFormats = Annotated[Words, AfterValidator(_readable_formats)]
Format = Literal["csv", "json", "jsonl", "parquet"]
Names = str | tuple[str, ...] | None
"""One column, several (joined), or none. `user.id` is a field in a field; `items[].sku` makes a row of each element."""

CSV_ONLY = {"delimiter", "header", "names", "quote", "escape", "multiline"}


class Delivered(Section):
    """Files, and how to read them. What is read by content needs no word: compression, and the types of Parquet."""

    OPTIONAL: ClassVar[tuple[str, ...]] = ()
    REQUIRED: ClassVar[tuple[str, ...]] = ()

    path: str
    """Local path (relative to LSIF_HOME) or object-store URL of a file or of a folder with subfolders. `{ds}`, or
    `{yyyy}`, `{mm}` and `{dd}`, stand for the day of a file, `{hh}` for each of its hours; `*` and `?` for any text."""
    format: Format
    json_layout: Literal["lines", "array"] = Field("lines", alias="json")
    """An object on each line, or one list of objects."""
    encoding: Encoding = "utf-8"
    delimiter: Annotated[str, Field(min_length=1)] = ","
    header: bool = True
    names: tuple[str, ...] = ()
    """Of the columns of a CSV file without a header, in order."""
    quote: Annotated[str, Field(max_length=1)] = '"'
    """Empty where quotes are just characters."""
    escape: Annotated[str, Field(max_length=1)] = '"'
    """What stands before a quote inside quotes: another one, or a backslash."""
    multiline: bool = False
    """A line break inside quotes belongs to the row."""
    null_values: Words = ("NULL", "\\N")
    """Words that stand for nothing, beside the empty text."""
    decimal: Literal[".", ","] = "."
    thousands: Annotated[str, Field(max_length=1)] = ""
    true_values: Words = ("true", "t", "yes", "y", "on", "1")
    false_values: Words = ("false", "f", "no", "n", "off", "0")
    """In capitals or not, as the ones before."""
    time_format: TimeFormats = ()
    """One or several, as `%d/%m/%Y %H:%M`; by default ISO 8601 in all its spellings, and numbers by their size."""
    time_unit: Literal["s", "ms", "us", "ns"] | None = None
    """Of times that are numbers since 1970; by default told by their size."""
    time_zone: TimeZone = "UTC"
    """Of times that carry no offset."""
    expressions: dict[str, str] = {}
    """Our column = what Spark SQL makes of theirs, where a name is not enough."""
    constants: dict[str, str] = {}
    """Our column = one text for every row."""
    optional: tuple[str, ...] = ()
    """Our columns whose column a file may lack, since it came later: nothing is there in its rows."""
    columns: Section

    @property
    def is_json(self) -> bool:
        return self.format in ("json", "jsonl")

    @property
    def is_daily(self) -> bool:
        return "{ds}" in self.path or all(part in self.path for part in ("{yyyy}", "{mm}", "{dd}"))

    @property
    def given(self) -> dict[str, tuple[str, ...]]:
        """Our columns that are columns of theirs, with the names of those."""
        named = {field: (names,) if isinstance(names, str) else tuple(names or ()) for field, names in self.columns}
        return {field: names for field, names in named.items() if names}

    @property
    def mapped(self) -> set[str]:
        return {*self.given, *self.expressions, *self.constants}

    @property
    def may_lack(self) -> set[str]:
        return {*self.OPTIONAL, *self.optional}

    def file_day(self, ds: str) -> str:
        """The day in the path of the file that the night of `ds` reads."""
        return ds

    @model_validator(mode="after")
    def _fits(self) -> "Delivered":
        fields = list(type(self.columns).model_fields)
        twice = [f for f in fields if (f in self.given) + (f in self.expressions) + (f in self.constants) > 1]
        unknown = [name for name in (*self.expressions, *self.constants, *self.optional) if name not in fields]
        if unknown:
            near = difflib.get_close_matches(unknown[0], fields, n=1)
            raise ValueError(f"{unknown[0]} is none of our columns" + (f"; did you mean {near[0]}?" if near else ""))
        if twice:
            raise ValueError(f"{twice[0]} is said twice: keep one of columns, expressions and constants")
        if lacking := [name for name in self.REQUIRED if name not in self.mapped]:
            raise ValueError(f"columns.{lacking[0]} is missing: say which of their columns it is")
        if self.format != "csv" and (strange := sorted(CSV_ONLY & self.model_fields_set)):
            raise ValueError(f"{strange[0]} is for format csv, not {self.format}")
        if self.json_layout == "array" and not self.is_json:
            raise ValueError(f"json = 'array' is for format json, not {self.format}")
        if not self.header and not self.names:
            raise ValueError("header = false needs names, those of the columns in order")
        deepest(name for names in self.given.values() for name in names)
        return self


class EventColumns(Section):
    """Our event column = the source's column."""

    user_id: str | None = None
    item_id: str | None = None
    event_time: str | None = None
    event_id: Names = None
    """One column, several (joined by ':'), or none: then a hash of the mapped row."""
    event_type: str | None = None
    weight: str | None = None
    """Multiplies the event type's weight."""
    value: str | None = None
    query: str | None = None
    recommendation_id: str | None = None
    list: str | None = None
    """The list that showed the item, where no recommendation is named."""


class Source(Delivered):
    """One source of events, delivered as files by day of arrival."""

    OPTIONAL: ClassVar[tuple[str, ...]] = ("weight", "value", "query", "recommendation_id", "list")
    REQUIRED: ClassVar[tuple[str, ...]] = ("user_id", "event_time")

    columns: EventColumns
    event_type: str | None = None
    """Type of every event of the source, when there is no column for it."""
    refunds: str | None = None
    """What a negative value makes of a row: an event of this type, or, as `quarantine`, one that breaks the rule
    `refund`. By default the row only loses its value."""
    day_offset: int = 0
    """Days from the day in a file's path to the night that reads it: 1 where the file of a day comes a day later."""
    day_zone: TimeZone = "UTC"
    """Whose calendar day a file holds. West of Greenwich it ends after the UTC day, so the next night reads it."""

    def file_day(self, ds: str) -> str:
        zone = ZoneInfo(self.day_zone)
        months = (datetime(2024, month, 1, tzinfo=UTC).astimezone(zone).utcoffset() for month in range(1, 13))
        west = any(offset is not None and offset.total_seconds() < 0 for offset in months)
        return day_before(ds, self.day_offset + west)

    @model_validator(mode="after")
    def _says_what_happened(self) -> "Source":
        if not self.mapped & {"item_id", "query"}:
            raise ValueError("columns.item_id is missing: say which of their columns it is (a log of searches: query)")
        return self


class CatalogueColumns(Section):
    item_id: str | None = None
    title: str | None = None
    category: str | None = None
    brand: str | None = None
    text: Words = ()
    """Columns whose words describe the item, joined by a space."""
    available: str | None = None
    published: str | None = None
    """The moment an item appeared: before it, it is as if it were not there."""
    attributes: Words = ()
    """Columns to keep as texts, each under its name, for the rules of lists."""
    numbers: Words = ()
    """Columns to keep as numbers, as a price."""


class Catalogue(Delivered):
    REQUIRED: ClassVar[tuple[str, ...]] = ("item_id",)

    columns: CatalogueColumns
    max_age_days: PositiveInt = 30
    """How long the newest catalogue stays in force on days for which none came."""


class UserColumns(Section):
    user_id: str | None = None
    opt_out: str | None = None
    """Whether the user wants no lists."""
    attributes: Words = ()
    """Columns to keep as they are, each under its name."""


class Users(Delivered):
    REQUIRED: ClassVar[tuple[str, ...]] = ("user_id",)

    columns: UserColumns
    max_age_days: PositiveInt = 30
