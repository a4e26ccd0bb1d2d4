"""Examples in files: written a block of users at a time, and mapped, so that a training holds its batches alone."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa

from lsif.errors import LsifError
from lsif.features.ragged import Array
from lsif.features.snapshot import RAGGED, Snapshot
from lsif.learning.step import Example
from lsif.learning.targets import Targets

GB = 10**9
OF_ITEMS = ("item_features", "item_factors")
"""Arrays of a snapshot that no user has a part in."""


@dataclass(frozen=True)
class Laid:
    """An array in a file of its own."""

    path: str
    dtype: str
    shape: tuple[int, ...]

    def opened(self) -> Array:
        """Mapped, to be read alone. Arrow keeps no descriptor of what it mapped, which numpy does: of some hundreds of
        files they would run out."""
        with pa.memory_map(self.path) as file:
            return np.frombuffer(file.read_buffer(), self.dtype).reshape(self.shape)


@dataclass(frozen=True)
class Page:
    """An example that lies in files, for any process of the machine to open."""

    ds: str
    user_ids: pa.Array
    laid: dict[str, Laid]

    def opened(self) -> Example:
        known = {name: laid.opened() for name, laid in self.laid.items()}
        took = {field.name: known.pop(field.name) for field in fields(Targets)}
        return Example(Snapshot(self.ds, self.user_ids, **known), Targets(**took))


class Shelf:
    """Examples of one training, in a folder.

    Attributes:
        pages: what was kept, in that order.
        to_come: users who are still to be kept, or a few more: there must be room for them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.pages, self.to_come = folder, list[Page](), 0

    def keep(self, shots: Iterable[Snapshot], targets: Targets) -> Example:
        """Write an example, of snapshots as `joined` takes them, and open it.

        Raises:
            LsifError: the disk will not hold all users.
        """
        files, ids = _Files(self.folder / str(len(self.pages))), []
        lengths = {start: [np.zeros(1, np.int64)] for start in RAGGED}
        for shot in self._with_room(shots):
            ids.append(shot.user_ids)
            files.add("user_features", shot.user_features)
            for start, names in RAGGED.items():
                lengths[start].append(np.diff(getattr(shot, start)))
                for name in names:
                    files.add(name, _halved(getattr(shot, name)))
        whole = {start: np.cumsum(np.concatenate(parts)) for start, parts in lengths.items()}
        whole |= {name: getattr(shot, name) for name in OF_ITEMS} | {**vars(targets), "item": _halved(targets.item)}
        for name, array in whole.items():
            files.add(name, array)
        self.pages.append(Page(shot.ds, pa.concat_arrays(ids), files.laid))
        return self.pages[-1].opened()

    def _with_room(self, shots: Iterable[Snapshot]) -> Iterator[Snapshot]:
        """Looks at the disk before a block is written, as if all who are to come were like the block's users."""
        for shot in shots:
            size = sum(_halved(getattr(shot, name)).nbytes for names in RAGGED.values() for name in names)
            needed, free = size / max(len(shot), 1) * self.to_come, shutil.disk_usage(self.folder).free
            if needed > free:
                raise LsifError(
                    f"lessons of {self.to_come:,} users need some {needed / GB:.1f} GB, and {self.folder} has "
                    f"{free / GB:.1f} GB free: make [training] examples smaller, or set LSIF_HOME to another disk"
                )
            self.to_come -= len(shot)
            yield shot


def _halved(numbers: Array) -> Array:
    """Numbers of items, groups and the like in four bytes each; `batch_of` makes eight of them again."""
    return numbers.astype(np.int32) if numbers.dtype == np.int64 else numbers


class _Files:
    """Arrays that grow at the end."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.laid = folder, dict[str, Laid]()

    def add(self, name: str, rows: Array) -> None:
        path = self.folder / name
        with path.open("ab") as file:
            rows.tofile(file)
        before = self.laid[name].shape[0] if name in self.laid else 0
        self.laid[name] = Laid(str(path), rows.dtype.str, (before + len(rows), *rows.shape[1:]))
