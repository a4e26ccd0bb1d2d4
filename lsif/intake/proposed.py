"""A configuration proposed for files that have none: which file is what, which column is which, and what is open.

What a name or a value leaves open is not decided here: it stands in the proposal as a line that begins with `# decide`.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsif.errors import LsifError
from lsif.intake import guess
from lsif.intake.sample import Sample
from lsif.intake.unfolding import deepest, lists_of
from lsif.outcomes import IMPRESSION
from lsif.sources import Delivered

NOTHING = ("NULL", "null", "None", "nan", "NaN", "N/A", "n/a", "\\N", "-", "?")
STRONG, WEAK, NONE = 1.0, 0.2, 0.0
VIEWED = {"view", "browse", "click", "pageview", "detail", "hover", "visit", "open"}
UNLIKED = {"search", "refund", "return", "remove", "cancel", "dislike", "unsubscribe", "login", "logout", "skip"}
MOST_TYPES = 30
ID_LIKE = {"id", "code", "no", "number", "key", "uuid", "nr", "nummer"}
UNDERSTOOD = {word for name in ("true_values", "false_values") for word in Delivered.model_fields[name].default}


@dataclass
class Proposed:
    """What one file is taken for: `events`, `catalogue` or `users`; `open` are questions for a person."""

    sample: Sample
    role: str
    said: dict[str, Any]
    columns: dict[str, Any]
    types: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)


def proposed(samples: list[Sample]) -> list[Proposed]:
    """What each file is: one with users, items and times holds events; a list of items or of users comes as a whole.

    Raises:
        LsifError: no file holds events.
    """
    events = [one for one in map(_events, samples) if one]
    if not events:
        seen = "; ".join(f"{one.path}: {', '.join(one.columns)}" for one in samples)
        raise LsifError(f"no file has a column of users, one of items and one of times that can be told ({seen})")
    rest = [one for one in samples if all(one is not known.sample for known in events)]
    lists = [_listed(one, events) for one in rest]
    if len([one for one in lists if one.role == "catalogue"]) > 1:
        raise LsifError("two files look like the catalogue: propose with one of them")
    return [*events, *lists]


def _events(sample: Sample) -> Proposed | None:
    columns: dict[str, guess.Values] = dict(sample.columns)
    formats = {name: guess.time_formats(values) for name, values in columns.items() if guess.likeness(name, guess.TIME)}
    if not any(one is not None for one in formats.values()):
        formats = {name: guess.time_formats(values) for name, values in columns.items()}
    times = [name for name, found in formats.items() if found is not None]
    user = guess.best(columns, guess.USER, lambda name: name not in times, ID_LIKE)
    item = guess.best(columns, guess.ITEM, lambda name: name not in (*times, user), ID_LIKE)
    nameless = "names" in sample.said
    if nameless and len(two := guess.two_ids({name: columns[name] for name in columns if name not in times})) == 2:
        user, item = two
    if not times or user is None or item is None or guess.is_unique(columns[user]):
        return None
    time = max(times, key=lambda name: (guess.distinct(columns[name]), -list(columns).index(name)))
    taken = {user, item, time}
    found = Proposed(sample, "events", dict(sample.said), {"user_id": user, "item_id": item, "event_time": time})
    if nameless:
        found.open.append(f"no header says so: are users in {user} and items in {item}, or the other way round?")
    _add_time(found, formats[time] or [])
    _add_id(found, columns, taken)
    _add_type(found, columns, taken)
    value = guess.best(columns, guess.VALUE, lambda name: name not in taken and guess.is_number(columns[name]))
    if value and _beside(found, value):
        found.columns["value"] = value
        if guess.is_european(columns[value]):
            found.said |= {"decimal": ",", "thousands": "."}
    _add_nothing(found, [user, item])
    if "encoding" in found.said:
        found.open.append(f"is the text written in {found.said['encoding']}? Look at its letters in `lsif check`")
    return found


def _add_time(found: Proposed, formats: list[str]) -> None:
    if formats:
        found.said["time_format"] = formats[0]
    others = [one for one in formats[1:] if one.replace("%d", "%m").replace("%m", "%d") != formats[0]]
    if others:
        found.open.append(f"times may as well be written {others[0]}: look at them in `lsif check`")
    values = [value for value in found.sample.columns[found.columns["event_time"]] if value]
    if values and not re.search(r"([Zz]|UTC|GMT|[+-]\d{2}(:?\d{2})?)$|^\d{10}", values[0]):
        found.said["time_zone"] = "UTC"
        found.open.append("times carry no offset: whose clock is it? (time_zone)")


def _add_id(found: Proposed, columns: dict[str, guess.Values], taken: set[str]) -> None:
    names = [name for name in columns if name not in taken and guess.ends_in(name, ("id", "uuid", "key", "number"))]
    unique = [name for name in names if guess.is_unique(columns[name]) and _beside(found, name)]
    order = guess.best(columns, guess.ORDER, lambda name: name not in taken and _beside(found, name), ID_LIKE)
    item = found.columns["item_id"]
    if unique:
        found.columns["event_id"] = unique[0]
    elif order and lists_of(item) and not lists_of(order):
        found.columns["event_id"] = order  # the place in the list is added to it
    elif order and len(set(zip(columns[order], columns[item], strict=True))) == len(columns[order]):
        found.columns["event_id"] = [order, item]
    elif not lists_of(item):
        found.open.append("no column tells events apart, so two equal rows are one event (event_id)")


def _add_type(found: Proposed, columns: dict[str, guess.Values], taken: set[str]) -> None:
    def fits(name: str) -> bool:
        few = 0 < guess.distinct(columns[name]) <= MOST_TYPES and None not in columns[name]
        return name not in taken and not lists_of(name) and few and not guess.is_number(columns[name])

    kind = guess.best(columns, guess.TYPE, fits, {"event"})
    if "names" in found.said:
        kind = next(filter(fits, columns), None)
    if kind:
        found.columns["event_type"] = kind
        found.types = sorted({value for value in columns[kind] if value})
    else:
        found.said["event_type"] = _event_type(found.sample.path)
        found.types = [found.said["event_type"]]


def _event_type(path: str) -> str:
    known = {"purchase": ("purchase", "order", "sale", "transaction", "bestellung"), "rating": ("rating",)}
    known |= {"review": ("review",), "read": ("read",)}
    known |= {
        "click": ("click",),
        "view": ("view",),
        "visit": ("check_in", "checkin", "visit"),
        "play": ("play", "listen"),
    }
    name = Path(path).stem.lower()
    return next((kind for kind, words in known.items() if any(word in name for word in words)), "event")


def _beside(found: Proposed, name: str) -> bool:
    """Whether a column can be mapped beside the item's: not where two lists would have to make one row."""
    try:
        deepest([found.columns["item_id"], name])
    except ValueError:
        return False
    return True


def _add_nothing(found: Proposed, names: list[str]) -> None:
    used = [word for word in NOTHING if any(word in found.sample.columns[name] for name in names)]
    if set(used) - {"NULL", "\\N"}:
        found.said["null_values"] = used


def _listed(sample: Sample, events: list[Proposed]) -> Proposed:
    """A file that holds no events: users if its ids are those of the users, else products."""
    columns: dict[str, guess.Values] = dict(sample.columns)
    ids = {
        role: {v for one in events for v in one.sample.columns[one.columns[role]] if v}
        for role in ("user_id", "item_id")
    }
    meets = {
        (role, name): guess.share(values, known.__contains__) + guess.share(list(known), set(values).__contains__)
        for role, known in ids.items()
        for name, values in columns.items()
        if guess.distinct(values) * 2 > len(values)
    }
    named = {(role, name): name == one.columns[role] for one in events for role, name in meets}
    role, key = max(meets, key=lambda pair: (named[pair], meets[pair]), default=("item_id", next(iter(columns))))
    if role == "user_id":
        rest = [name for name in columns if name != key]
        return Proposed(sample, "users", dict(sample.said), {"user_id": key, "attributes": rest})
    found = Proposed(sample, "catalogue", dict(sample.said), {"item_id": key})
    free = lambda name: name != key and not lists_of(name)  # noqa: E731
    for ours, known in (("title", guess.TITLE), ("category", guess.CATEGORY), ("brand", guess.BRAND)):
        name = guess.best(columns, known, lambda name: free(name) and name not in found.columns.values())
        if name:
            found.columns[ours] = name
    described = [name for name in columns if free(name) and guess.words(name) & (guess.WORDS | guess.CATEGORY)]
    said = [found.columns["title"]] if "title" in found.columns else []
    text = list(dict.fromkeys([*said, *(name for name in described if not guess.is_number(columns[name]))]))
    found.columns |= {"text": text} if text else {}
    available = guess.best(columns, guess.AVAILABLE, lambda name: free(name) and guess.distinct(columns[name]) <= 3)
    if available:
        found.columns["available"] = available
        _add_yes_and_no(found, available)
    _add_nothing(found, [key])
    return found


def _add_yes_and_no(found: Proposed, name: str) -> None:
    """How the source writes yes and no, where that is not understood unasked."""
    said = sorted({value for value in found.sample.columns[name] if value})
    if {value.lower() for value in said} <= UNDERSTOOD:
        return
    pairs = [(yes, no) for yes in said for no in said if guess.YES_AND_NO.get(yes.lower()) == no.lower()]
    if pairs:
        found.said |= {"true_values": pairs[0][0], "false_values": pairs[0][1]}
    else:
        found.open.append(f"what means yes in {name}, and what no: {', '.join(said)}? (true_values, false_values)")


def toml(found: list[Proposed]) -> str:
    """The proposal as a configuration with comments."""
    types = dict.fromkeys(kind for one in found for kind in one.types)
    lines = [
        "# Proposed by `lsif init`; look at it with `lsif check`. Lines that begin with `# decide` wait for an answer.",
        "",
        "[event_types]                 # type = weight; only events of positive weight make a history",
        *(f"{_key(kind)} = {weight}" for kind, weight in _weights(list(types)).items()),
    ]
    names: set[str] = set()
    for one in found:
        lines += ["", *_section(one, names)]
    if all(one.role != "catalogue" for one in found):
        lines += [
            "",
            "# No [catalogue]: items are what the log names. With one, lists know new items, titles and texts.",
        ]
    lines += [
        "",
        "[training]",
        "horizon_days = 7              # what a list is for: the days after it; least history: four times that",
    ]
    lines += ["", "[interests]", "recent_days = 28              # how far back recent interest goes", ""]
    return "\n".join(lines)


def _section(one: Proposed, names: set[str]) -> list[str]:
    path = one.sample.path
    if one.role == "events":
        stem = (
            re.sub(r"\W+", "_", re.sub(r"\d{4}.?\d{2}.?\d{2}", "", Path(path).name.split(".")[0])).strip("_") or "shop"
        )
        name = next(
            n for n in (stem, *(f"{stem}_{i}" for i in range(2, 99))) if n not in {*names, "catalogue", "users"}
        )
        names.add(name)
        head = f"sources.{_key(name)}"
    else:
        head = one.role
    daily = re.sub(r"\d{4}-\d{2}-\d{2}", "{ds}", path) if one.role == "events" else path
    lines = [f"[{head}]", f"path = {_text(daily)}"]
    if one.role == "events" and "{ds}" not in daily:
        lines.append("# one file for the whole past; nights want one a day: `.../{ds}.csv`, or a folder `.../{ds}`")
    lines += [f"{key} = {_text(value)}" for key, value in one.said.items()]
    lines += [f"# decide: {question}" for question in one.open]
    return [
        *lines,
        "",
        f"[{head}.columns]       # ours = theirs",
        *(f"{ours} = {_text(v)}" for ours, v in one.columns.items()),
    ]


def _weights(kinds: list[str]) -> dict[str, float]:
    """What looks on counts little beside what takes; where nothing takes, looking is what there is."""
    words = {kind: guess.words(kind) for kind in kinds if kind != IMPRESSION}
    found = {kind: NONE if said & UNLIKED else WEAK if said & VIEWED else STRONG for kind, said in words.items()}
    most = max(found.values(), default=NONE)
    weights = {kind: STRONG if weight == most else weight for kind, weight in found.items()}
    return {kind: weights.get(kind, NONE) for kind in kinds}


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
