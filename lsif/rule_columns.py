"""The columns that rules of lists may name, and whether rules hold together before anything starts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from lsif.errors import LsifError
from lsif.experiment import every_variant
from lsif.list_rules import ListRules, clashing, crowd, drawn_ranks
from lsif.llm import Llm

if TYPE_CHECKING:
    from lsif.config import Settings
    from lsif.ranked_list import RankedList
    from lsif.sources import Catalogue, Users

ITEMS = {
    "title": pa.string(),
    "category": pa.string(),
    "brand": pa.string(),
    "text": pa.string(),
    "available": pa.bool_(),
    "published": pa.timestamp("us", "UTC"),
}
DS = "ds"
"""The day of the list, a date."""


def item_columns(catalogue: "Catalogue | None", words: tuple[str, ...]) -> pa.Schema:
    """What an expression over items may name: our columns that are mapped, attributes, numbers, and the day.

    Args:
        words: names of what a language model says of items.
    """
    said = dict.fromkeys(words, pa.string())
    mapped = catalogue.mapped if catalogue else {"published"}
    ours = {"item_id": pa.string()} | {name: kind for name, kind in ITEMS.items() if name in mapped}
    attributes = dict.fromkeys(catalogue.columns.attributes, pa.string()) if catalogue else {}
    numbers = dict.fromkeys(catalogue.columns.numbers, pa.float64()) if catalogue else {}
    return pa.schema(list((said | attributes | numbers | ours | {DS: pa.date32()}).items()))


def words_named(settings: "Settings", rules: Sequence[ListRules] | None = None) -> tuple[str, ...]:
    """What a language model says of items, as far as rules of lists name it; by default those of users' lists."""
    if not (words := _words(settings.llm)):
        return ()
    if rules is None:
        every = [settings, *(of for _, of in every_variant(settings))]
        rules = [of.rules_of(name) for of in every for name in of.lists]
    named = {cap.column.lower() for of in rules for cap in of.caps}
    if said := [expression for of in rules for _, expression in of.over_items()]:
        from lsif.expressions import columns_of  # and DuckDB, which who has no rules does not wait for

        named |= {name.lower() for expression in said for name in columns_of(expression)}
    return tuple(word for word in words if word in named)


def _words(how: Llm) -> tuple[str, ...]:
    """But those that are columns of ours."""
    return tuple(word for word in how.words if word not in (*ITEMS, "item_id", DS))


def heard_by_rules(settings: "Settings") -> "Settings":
    """The same lists, where [llm] is no more of it than their rules ask: whose words, or nobody's."""
    how = settings.llm
    own = Llm(model=how.model, prompt_version=how.prompt_version, attributes=how.attributes)
    heard = own if words_named(settings) else Llm()
    return settings if how == heard else settings.model_copy(update={"llm": heard})


def text_columns(catalogue: "Catalogue | None") -> list[str]:
    """Those of them that hold texts, but for the id."""
    return [one.name for one in item_columns(catalogue, ()) if one.type == pa.string() and one.name != "item_id"]


def user_columns(users: "Users | None") -> pa.Schema:
    """What an expression over users may name."""
    attributes = dict.fromkeys(users.columns.attributes, pa.string()) if users else {}
    return pa.schema(list((attributes | {"user_id": pa.string(), "opt_out": pa.bool_(), DS: pa.date32()}).items()))


def check_rules(settings: "Settings") -> None:
    """Refuse rules that name what is not there, cannot be parsed, or contradict each other.

    Raises:
        LsifError: one line that names the place in the file.
    """
    given = {"ranking": settings.ranking.rules} | {f"lists.{name}": of.rules for name, of in settings.lists.items()}
    if settings.item_lists:
        given |= {f"item_lists.{name}": of.rules for name, of in settings.item_lists.wanted.items()}
    for where, rules in given.items():
        for place, wrong in _mistakes(rules, settings):
            raise LsifError(f"{where}.rules.{place}: {wrong}")
    for name, of in settings.lists.items():
        _check_list(name, of, settings.rules_of(name))


def _check_list(name: str, of: "RankedList", rules: ListRules) -> None:
    """What can only be said of a list and all of its rules."""
    where = f"lists.{name}.rules"
    if far := [pin for pin in rules.pins if pin.rank > of.k]:
        raise LsifError(f"{where}.pins: {far[0].item} is pinned at rank {far[0].rank} of {of.k}")
    if of.items == "own" and rules.explore:
        raise LsifError(f'{where}.explore: a list of items = "own" has no room for what nobody had')
    if of.new_share is not None and any(cap.every for cap in rules.caps):
        raise LsifError(f"{where}.caps: every does not go with new_share")
    if clash := clashing(rules.pins):
        raise LsifError(f"{where}.pins: {clash}")
    if rules.rotate:
        _check_rotation(where, of.k, rules)


def _check_rotation(where: str, k: int, rules: ListRules) -> None:
    """Whether there is room for what is drawn, and no draw can forbid another."""
    pins = max([0, *(sum(other.first <= one.first <= other.last for other in rules.pins) for one in rules.pins)])
    explored, rotated = drawn_ranks(rules, k, ())
    if pins + len(explored) + len(rotated) > k:
        taken = f"{len(rotated)} rows that rotate, {len(explored)} to explore and {pins} pins"
        raise LsifError(f"{where}.rotate: {taken} are more than the list's {k}")
    for cap in rules.caps if rules.explore else ():
        if cap.most == 1 and (cap.every is None or crowd([*explored, *rotated], cap.every) > 1):
            both = f"{cap.name} could forbid what one of them draws beside the other's"
            raise LsifError(f"{where}.rotate: with explore, {both}: allow more than one, or leave one out")


def _mistakes(rules: ListRules, settings: "Settings") -> Iterator[tuple[str, str]]:
    items = item_columns(settings.catalogue, _words(settings.llm))
    for cap in rules.caps:
        if cap.column not in items.names:
            yield "caps", f"the catalogue has no column {cap.column}; there are {', '.join(items.names)}"
    if rules.explore and not rules.explore.where and "published" not in items.names:
        yield "explore", "which items are new? Map `published` of the catalogue, or say it with where"
    for kind, days in rules.not_within.items():
        if days > settings.retention.days:
            yield (
                "not_within",
                f"{days} days of {kind} are more than [retention] days = {settings.retention.days} keeps",
            )
        if not settings.event_types.get(kind):
            happens = ", ".join(name for name, weight in settings.event_types.items() if weight > 0)
            yield "not_within", f"{kind} is none of the event types of positive weight: {happens}"
    if rules.for_users and settings.users is None:
        yield "for_users", "there is no [users] that says anything of users"
    yield from _wrong_expressions(rules, items, user_columns(settings.users))


def _wrong_expressions(rules: ListRules, items: pa.Schema, users: pa.Schema) -> Iterator[tuple[str, str]]:
    said = [(place, expression, items) for place, expression in rules.over_items()]
    said += [(f"for_users[{n}].users", one.users, users) for n, one in enumerate(rules.for_users)]
    if not said:
        return
    from lsif.expressions import check  # and DuckDB, which who has no rules does not wait for

    for place, expression, columns in said:
        try:
            check(expression, columns)
        except LsifError as error:
            yield place, str(error)
