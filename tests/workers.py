"""How tests are shared among several workers: by file, and what shares one world by folder."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

LONGEST = "one_night"
"""The folder whose tests share one world and wait for it most of the time."""
WHOLE = "test_types.py"
"""A test of a minute, which had better not be the last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin: all else is done beside them."""
    items.sort(key=lambda item: (item.path.parent.name != LONGEST, item.path.name != WHOLE))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Together(config, log)


class Together(LoadScopeScheduling):
    """The scheduler's own way to mark groups asks for a field of a test that the pinned pytest no longer reads."""

    def _split_scope(self, nodeid: str) -> str:
        folder, _, file = nodeid.split("::", 1)[0].rpartition("/")
        return folder if folder.endswith(LONGEST) else f"{folder}/{file}"
