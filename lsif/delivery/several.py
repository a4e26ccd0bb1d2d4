"""Several destinations: which are meant, each on its own, and in one line what went wrong."""

from collections.abc import Callable, Iterable, Mapping

from lsif.destinations import Destination
from lsif.errors import LsifError, OutageError, Superseded


def chosen(every: Mapping[str, Destination], name: str | None) -> dict[str, Destination]:
    """All, or the one of that name.

    Raises:
        LsifError: there is none.
    """
    if name is None and every:
        return dict(every)
    if name is None or name not in every:
        raise LsifError(f"the configuration has no [deliver.{name or 'NAME'}]; there are: {', '.join(every) or 'none'}")
    return {name: every[name]}


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
