"""Several destinations: which are meant, each on its own, and in one line what went wrong."""

from collections.abc import Callable, Iterable, Mapping

from lsif.destinations import LISTS, Destination
from lsif.errors import LsifError, OutageError, Superseded

OWNERS = ("users", "items")
"""Who has lists."""


def chosen(every: Mapping[str, Destination], name: str | None, lists_of: str | None = None) -> dict[str, Destination]:
    """All, or the one of that name, or those of one of `OWNERS`.

    Raises:
        LsifError: there is none.
    """
    owned = {key: one for key, one in every.items() if lists_of in (None, OWNERS[one.of != LISTS])}
    found = {key: one for key, one in owned.items() if name in (None, key)}
    if not found:
        of = f" for lists of {lists_of}" if lists_of else ""
        there = ", ".join(owned) or "none"
        raise LsifError(f"the configuration has no [deliver.{name or 'NAME'}]{of}; there are: {there}")
    return found


def each(names: Iterable[str], work: Callable[[str], object]) -> None:
    """Do `work` for each name: one that fails holds up no other.

    Raises:
        OutageError: one did not answer; tried again, the others have nothing to do.
        Superseded: for all that failed somebody else was first.
        LsifError: any other failure. Each has the lines of all.
    """
    failed: list[LsifError] = []
    for name in names:
        try:
            work(name)
        except LsifError as error:
            failed.append(error)
    if failed:
        away = any(isinstance(error, OutageError) for error in failed)
        late = all(isinstance(error, Superseded) for error in failed)
        raise (OutageError if away else Superseded if late else LsifError)("; ".join(dict.fromkeys(map(str, failed))))
