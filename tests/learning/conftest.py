"""What tests of the model share: one thread, and the small planted shop."""

from collections.abc import Iterator

import pytest
import torch

from lsif.config import Settings
from lsif.features.vocabulary import ItemIndex
from lsif.learning.step import Example
from tests.learning.test_training import world


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """A model this small gains nothing from more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def shop(settings: Settings) -> tuple[ItemIndex, list[Example]]:
    """The vocabulary, and examples at four weekly cutoffs."""
    return world(settings)
