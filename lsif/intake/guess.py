"""What a column may be, by its name and by what stands in it."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

Values = Sequence[str | None]

USER = {
    "user", "customer", "client", "visitor", "household", "member", "account", "person", "uid", "shopper", "reviewer",
    "kunde", "nutzer", "cliente", "utilisateur", "usuario",
}  # fmt: skip
ITEM = {
    "item", "product", "article", "sku", "movie", "film", "track", "song", "venue", "place", "book", "asin", "stock",
    "video", "recipe", "artikel", "produkt", "content", "listing", "game", "business", "post", "page", "shop",
    "produit", "producto", "articulo",
}  # fmt: skip
TIME = {"time", "timestamp", "date", "datetime", "ts", "at", "when", "created", "occurred", "moment", "day"}
TIME |= {"zeit", "zeitpunkt", "datum", "fecha"}
TYPE = {"type", "action", "event", "behavior", "behaviour", "kind", "verb", "aktion", "art", "typ"}
VALUE = {"value", "price", "amount", "total", "revenue", "sales", "preis", "betrag", "umsatz", "prix", "precio"}
ORDER = {"order", "basket", "invoice", "transaction", "receipt", "cart"}
ORDER |= {"bestell", "bestellung", "auftrag", "rechnung", "commande", "pedido"}
TITLE = {"title", "name", "label", "headline", "bezeichnung", "titel", "titre"}
CATEGORY = {"category", "genre", "genres", "department", "kind", "section"}
CATEGORY |= {"kategorie", "warengruppe", "rubrik", "categoria"}
BRAND = {"brand", "vendor", "maker", "author", "artist", "publisher", "manufacturer", "hersteller", "marke", "marque"}
WORDS = {"description", "text", "summary", "tags", "keywords", "subtitle", "abstract", "beschreibung"}
AVAILABLE = {"available", "active", "enabled", "instock", "sellable", "lieferbar", "verfügbar", "aktiv"}
YES_AND_NO = {"ja": "nein", "oui": "non", "si": "no", "sí": "no", "available": "unavailable", "active": "inactive"}
"""Words for yes, and for no, that a source has to say."""
AFFIX = 4
"""Letters of a word that may be a part of another: `userid`, `Artikelnummer`."""

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
    return {word.lower() for word in re.split(r"[\W\d_]+", split) if word}


def likeness(name: str, known: Collection[str]) -> float:
    """How much a name says of `known`: ten for each of its words, less for a longer one's end or beginning."""
    said = words(name)
    whole = said & set(known)
    long = [word for word in known if len(word) >= AFFIX]
    ends = {word for word in said - whole if any(word.endswith(one) for one in long)}
    begins = {word for word in said - whole - ends if any(word.startswith(one) for one in long)}
    return 10 * len(whole) + 6 * len(ends) + 5 * len(begins)


def ends_in(name: str, known: Collection[str]) -> bool:
    """Whether a word of a name is one of `known` or ends in it, as `userid` does in `id`."""
    return any(word.endswith(tuple(known)) for word in words(name))


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
    columns: dict[str, Values], known: set[str], fits: Callable[[str], bool], also: Collection[str] = ("id",)
) -> str | None:
    """The column whose name says most of `known`, `also` beside it, among those that fit."""
    scored = [
        (said + ends_in(name, also) - len(words(name)) / 100, -place, name)
        for place, name in enumerate(columns)
        if (said := likeness(name, known)) and fits(name)
    ]
    return max(scored)[2] if scored else None


def two_ids(columns: dict[str, Values]) -> list[str]:
    """Two columns that come back again and again, in their order, where no name says which they are: those of most
    different values among the ones without gaps or fractions."""
    fraction = re.compile(r"[+-]?\d*[.,]\d+")
    fits = [n for n, values in columns.items() if None not in values and not share(values, fraction.fullmatch)]
    often = [name for name in fits if 1 < distinct(columns[name]) < len(columns[name])]
    most = sorted(often, key=lambda name: -distinct(columns[name]))[:2]
    return [name for name in columns if name in most]


def is_european(values: Values) -> bool:
    """Whether amounts have a comma before their cents."""
    return share(values, re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+").fullmatch) >= ENOUGH / 2


def is_number(values: Values) -> bool:
    return share(values, re.compile(r"[+-]?\d[\d.,]*([eE][+-]?\d+)?").fullmatch) >= ENOUGH
