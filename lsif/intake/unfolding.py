"""Paths into nested rows: `user.id` is a field in a field, `items[].sku` one in each element of a list."""

from collections.abc import Iterable, Iterator
from typing import Any

ELEMENT = "[]"


def lists_of(name: str) -> tuple[str, ...]:
    """The lists that a path goes through: of `orders[].lines[].sku` they are `orders` and `lines`."""
    return tuple(part.strip(".") for part in name.split(ELEMENT)[:-1])


def last_of(name: str) -> str:
    """What is left of a path inside the innermost list; empty where the element itself is meant."""
    return name.rsplit(ELEMENT, maxsplit=1)[-1].strip(".")


def deepest(names: Iterable[str]) -> tuple[str, ...]:
    """The lists that make a row's elements rows of their own.

    Raises:
        ValueError: two paths go through lists that do not lie in each other, so that no row is made of both.
    """
    longest: tuple[str, ...] = ()
    for lists in map(lists_of, names):
        shorter, longer = sorted((lists, longest), key=len)
        if longer[: len(shorter)] != shorter:
            raise ValueError(f"{'[].'.join(lists)}[] and {'[].'.join(longest)}[] are two lists: map one of them")
        longest = longer
    return longest


def field(row: Any, path: str) -> Any:
    """What stands at a path without lists; a name that holds dots itself comes first. None where nothing does."""
    if not path:
        return row
    if not isinstance(row, dict):
        return None
    if path in row:
        return row[path]
    head, dot, rest = path.partition(".")
    return field(row.get(head), rest) if dot else None


def unfolded(row: Any, lists: tuple[str, ...]) -> Iterator[tuple[list[Any], tuple[int, ...]]]:
    """The rows that a row is: for each the elements of the lists on the way to it, itself first, and their places.

    A list that is empty or absent still makes one row, so that nothing is lost.
    """
    if not lists:
        yield [row], ()
        return
    elements = field(row, lists[0])
    for place, element in enumerate(elements if isinstance(elements, list) and elements else [None]):
        for inner, places in unfolded(element, lists[1:]):
            yield [row, *inner], (place, *places)
