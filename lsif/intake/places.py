"""Which files lie at a path: links, subfolders and patterns too, and nothing is passed over in silence."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.fs as pafs

from lsif.errors import LsifError
from lsif.outages import explained

MARKERS = ("_SUCCESS", "_metadata", "_common_metadata", "_committed", "_started")
"""Names that writers leave beside their data."""

NAMED = 5
"""Missing paths that an error names."""

HOUR = "{hh}"
WILD = re.compile(r"[*?]|\{hh\}")


class NothingDelivered(LsifError):
    """No file and no folder with files at `paths`, nor a marker that says that there are none; `hint` is what to do."""

    def __init__(self, paths: Sequence[str], hint: str = "") -> None:
        self.paths = list(paths)
        more = f" and {len(paths) - NAMED} more places" if len(paths) > NAMED else ""
        super().__init__(f"nothing was delivered at {', '.join(paths[:NAMED])}{more}{hint}")


def filesystem_of(path: str) -> tuple[pafs.FileSystem, str]:
    """Where a local path or URL leads, and the path there.

    Raises:
        LsifError: nothing serves it.
    """
    try:
        return pafs.FileSystem.from_uri(path) if "://" in path else (pafs.LocalFileSystem(), os.path.normpath(path))
    except (OSError, pa.ArrowInvalid) as error:
        raise explained(f"cannot reach {path}", error) from error


def files_at(path: str) -> list[pafs.FileInfo]:
    """Every file at `path`, in order of names; of a folder those of its subfolders too. Empty when it is declared so.

    An empty day is declared by a marker `<path>.empty`. Nothing is guessed from an absent or a zero-byte file.

    Args:
        path: local path or URL, the day already filled in; `*` and `?` stand for any text of one name, `{hh}` for an
            hour; other characters for themselves.

    Raises:
        NothingDelivered: nothing is there.
        LsifError: a file is cut off, would be skipped by an engine, or cannot be listed.
    """
    filesystem, root = filesystem_of(path)
    try:
        found = [file for place in _expanded(filesystem, root) for file in _inside(filesystem, place, ())]
        marked = [info.path for info in _expanded(filesystem, f"{root}.empty") if info.type == pafs.FileType.File]
    except OSError as error:
        raise explained(f"cannot reach {path}", error) from error
    if marked and any(info.size for info in found):
        raise LsifError(f"{path} holds data but {marked[0]} declares the day empty: remove one of the two")
    if not found and not marked:
        raise NothingDelivered([path])
    if cut := [info.path for info in found if not info.size and not marked]:
        raise LsifError(f"{cut[0]} has zero bytes, so its upload was cut off (or declare it: {path}.empty)")
    return sorted((info for info in found if info.size), key=lambda info: info.path)


def days_at(path: str) -> list[str]:
    """Days, ascending, for which something lies at a path in which `{ds}`, or `{yyyy}`, `{mm}` and `{dd}`, stand."""
    filesystem, root = filesystem_of(path)
    wild, digits = root, re.escape(root).replace(r"\*", "[^/]*").replace(r"\?", "[^/]").replace(r"\{hh\}", r"\d\d")
    for part, length, group in (
        ("ds", 10, r"\d{4}-\d{2}-\d{2}"),
        ("yyyy", 4, r"\d{4}"),
        ("mm", 2, r"\d\d"),
        ("dd", 2, r"\d\d"),
    ):
        wild = wild.replace(f"{{{part}}}", "?" * length)
        first, *rest = digits.split(rf"\{{{part}\}}")
        digits = first + "".join(
            (f"(?P<{part}>{group})" if not place else group) + text for place, text in enumerate(rest)
        )
    found = (re.fullmatch(rf"{digits}(\.empty)?", info.path) for info in _expanded(filesystem, wild))
    days = (one.groupdict() for one in found if one)
    return sorted({day["ds"] if "ds" in day else f"{day['yyyy']}-{day['mm']}-{day['dd']}" for day in days})


def _expanded(filesystem: pafs.FileSystem, root: str) -> list[pafs.FileInfo]:
    """What is there of the names that a pattern stands for."""
    parts = PurePosixPath(root).parts
    plain = next((place for place, part in enumerate(parts) if WILD.search(part)), len(parts))
    places = [str(PurePosixPath(*parts[:plain]))]
    for part in parts[plain:]:
        if WILD.search(part):
            listed = [info.path for place in places for info in _listed(filesystem, place)]
            places = [path for path in listed if _pattern(part).fullmatch(PurePosixPath(path).name)]
        else:
            places = [f"{place}/{part}" for place in places]
    return [info for info in filesystem.get_file_info(places) if info.type != pafs.FileType.NotFound] if places else []


def _listed(filesystem: pafs.FileSystem, folder: str) -> list[pafs.FileInfo]:
    if isinstance(filesystem, pafs.LocalFileSystem):  # whose own listing leaves out links that lead nowhere
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        return filesystem.get_file_info([f"{folder}/{name}" for name in names])
    return filesystem.get_file_info(pafs.FileSelector(folder, allow_not_found=True))


def _pattern(part: str) -> re.Pattern[str]:
    meaning = {"*": "[^/]*", "?": "[^/]", HOUR: r"\d\d"}
    pieces = re.split(r"(\*|\?|\{hh\})", part)
    return re.compile("".join(meaning.get(piece) or re.escape(piece) for piece in pieces))


def _inside(filesystem: pafs.FileSystem, info: pafs.FileInfo, above: tuple[str, ...]) -> Iterator[pafs.FileInfo]:
    """The files at and below a place.

    Args:
        above: folders on the way, links resolved: a link back to one of them would lead round in a circle.
    """
    if info.base_name.startswith("_") and not info.base_name.startswith(MARKERS):
        raise LsifError(f"{info.path} would be skipped in silence, its name begins with _: rename or remove it")
    if info.base_name.startswith(("_", ".")):
        return
    if info.type == pafs.FileType.File:
        yield info
    elif info.type == pafs.FileType.Directory:
        real = os.path.realpath(info.path)
        if real in above:
            raise LsifError(f"{info.path} is a link to a folder that it lies in: remove it")
        for one in _listed(filesystem, info.path):
            yield from _inside(filesystem, one, (*above, real))
    else:
        raise LsifError(f"{info.path} is a link that leads nowhere, or no file: remove it")
