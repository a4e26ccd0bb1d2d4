"""A folder for what a training lays down and nobody keeps."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


@contextmanager
def scratch(home: Path) -> Iterator[Path]:
    """An empty folder below `home`, gone when the block ends; what a killed training left goes first.

    A folder in use is locked by its process, and the system unlocks it when that ends, however it ends.
    """
    place = home / "scratch"
    place.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with _locked(place):
            for left in place.iterdir():
                with suppress(BlockingIOError), _locked(left, fcntl.LOCK_NB):
                    shutil.rmtree(left)
            folder = Path(tempfile.mkdtemp(dir=place))
            held.enter_context(_locked(folder))
        held.callback(shutil.rmtree, folder)
        yield folder


@contextmanager
def _locked(folder: Path, how: int = 0) -> Iterator[None]:
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(opened)
