"""Homes of services: outside of pytest's own folder, which the next session that begins closes to all but its user."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def home_of_services() -> Iterator[Path]:
    """A folder until the block ends. PostgreSQL, which refuses to run as root, reaches it as another user."""
    with tempfile.TemporaryDirectory(prefix="lsif-tests-") as folder:
        yield Path(folder)
