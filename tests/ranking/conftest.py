"""What tests of lists begin with."""

import pyarrow as pa
import pytest
import torch

from lsif.config import Settings
from lsif.ranking.trained import TrainedModel
from tests.known import Known
from tests.ranking import shop


@pytest.fixture
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def small(settings: Settings) -> Settings:
    return shop.small(settings)


@pytest.fixture
def night(small: Settings) -> Known:
    return shop.known(shop.events(), small, shop.catalogue(unavailable=("i003",)))


@pytest.fixture
def vectors(night: Known) -> pa.Table:
    return shop.vectors(night.items)


@pytest.fixture
def drawn(night: Known, vectors: pa.Table, small: Settings) -> TrainedModel:
    """A model nobody trained."""
    return shop.trained(night, vectors, small)
