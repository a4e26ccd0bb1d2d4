"""What tests of lists begin with."""

import pytest
import torch

from lsif.config import Settings
from tests.ranking import shop


@pytest.fixture
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def small(settings: Settings) -> Settings:
    return shop.small(settings)
