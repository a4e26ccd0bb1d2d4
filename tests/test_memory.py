"""What is freed between arrays that stay goes back to the system."""

import numpy as np
import psutil

from lsif.memory import release_unused

MIB = 2**20


def test_holes_between_arrays_that_stay_are_given_back() -> None:
    arrays = [np.ones(64 * 1024, np.uint8) for _ in range(4096)]
    kept = arrays[::64]
    del arrays
    before = psutil.Process().memory_info().rss
    release_unused()
    given_back = before - psutil.Process().memory_info().rss
    assert given_back > 128 * MIB
    assert all(array.all() for array in kept)
