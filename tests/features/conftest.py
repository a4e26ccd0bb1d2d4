"""The tests of the model's parts run as those of its training do."""

from tests.learning.conftest import one_thread, shop

__all__ = ["one_thread", "shop"]
