"""What a column may be, by its name and by what stands in it."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

Values = Sequence[str | None]

USER = {"user", "customer", "client", "visitor", "household", "member", "account", "person", "uid", "kunde", "shopper"}
ITEM = {
    "item", "product", "article", "sku", "movie", "film", "track", "song", "venue", "place", "book", "asin", "stock",
    "video", "recipe", "artikel", "produkt", "content", "listing", "game", "business", "post", "page", "shop",
}  # fmt: skip
TIME = {"time", "timestamp", "date", "datetime", "ts", "at", "when", "created", "occurred", "moment", "day", "zeit"}
TYPE = {"type", "action", "event", "behavior", "behaviour", "kind", "verb"}
VALUE = {"value", "price", "amount", "total", "revenue", "sales", "preis"}
ORDER = {"order", "basket", "invoice", "transaction", "receipt", "cart"}
TITLE, CATEGORY = (
    {"title", "name", "label", "headline"},
    {"category", "genre", "genres", "department", "kind", "section"},
)
BRAND = {"brand", "vendor", "maker", "author", "artist", "publisher", "manufacturer"}
WORDS = {"description", "text", "summary", "tags", "keywords", "subtitle", "abstract"}
AVAILABLE = {"available", "active", "enabled", "instock", "sellable"}

ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}([Tt ]\d{2}(:\d{2}(:\d{2}([.,]\d{1,9})?)?)?\s*([Zz]|UTC|GMT|[+-]\d{2}(:?\d{2})?)?)?"
)
BASIC = re.compile(r"\d{8}[Tt]\d{4,6}([.,]\d+)?([Zz]|[+-]\d{2}(:?\d{2})?)?")
EPOCH = re.compile(r"1\d{9}(\.\d+)?|1\d{12}|1\d{15}|1\d{18}")
DAYS = [f"%d{s}%m{s}%Y" for s in "/.-"] + [f"%m{s}%d{s}%Y" for s in "/-"] + ["%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"]
DAYS += ["%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"]
CLOCKS = [" %H:%M:%S", " %H:%M", "T%H:%M:%S", "", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", "%H%M%S"]
ENOUGH = 0.95
LOOKED_AT = 2000


def words(name: str) -> set[str]:
    """`customerId`, `customer_id` and `user.customer-id` all hold `customer` and `id`."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return {word.lower() for word in re.split(r"[^A-Za-z]+", split) if word}


def share(values: Values, fits: Callable[[str], object]) -> float:
    """Of the values that are there, how many fit."""
    there = [value for value in values[:LOOKED_AT] if value]
    return sum(bool(fits(value)) for value in there) / len(there) if there else 0.0


def distinct(values: Values) -> int:
    return len({value for value in values if value})


def is_unique(values: Values) -> bool:
    return None not in values and distinct(values) == len(values)


def time_formats(values: Values) -> list[str] | None:
    """How times are written: an empty list for what is read unasked, several where it cannot be told, None for none."""
    if share(values, lambda value: ISO.fullmatch(value) or BASIC.fullmatch(value)) >= ENOUGH:
        return []
    if share(values, EPOCH.fullmatch) >= ENOUGH:
        return []
    found = [day + clock for day in DAYS for clock in CLOCKS if share(values[:50], _reader(day + clock)) >= ENOUGH]
    found = [written for written in found if share(values, _reader(written)) >= ENOUGH]
    return found or None


def _reader(written: str) -> Callable[[str], bool]:
    def reads(value: str) -> bool:
        try:
            return 1980 <= datetime.strptime(value.strip(), written).year <= 2100
        except ValueError:
            return False

    return reads


def best(
    columns: dict[str, Values], known: set[str], fits: Callable[[str], bool], also: Collection[str] = ()
) -> str | None:
    """The column whose name says most of `known`, `also` beside it, among those that fit."""
    scored = [
        (len(words(name) & known) * 10 + len(words(name) & set(also)) - len(words(name)) / 100, -place, name)
        for place, name in enumerate(columns)
        if words(name) & known and fits(name)
    ]
    return max(scored)[2] if scored else None


def is_european(values: Values) -> bool:
    """Whether amounts have a comma before their cents."""
    return share(values, re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+").fullmatch) >= ENOUGH / 2


def is_number(values: Values) -> bool:
    return share(values, re.compile(r"[+-]?\d[\d.,]*([eE][+-]?\d+)?").fullmatch) >= ENOUGH
