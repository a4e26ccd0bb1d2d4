"""What is freed between arrays that stay goes back to the system, and threads take from one heap."""

import subprocess
import sys

import numpy as np
import psutil
import pytest

from lsif.memory import release_unused

MIB = 2**20
HEAPS = """
import ctypes, threading
from lsif.memory import share_one_heap
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
{first}
barrier = threading.Barrier(3)
def work():
    libc.malloc(100)
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fdopen.restype = ctypes.c_void_p
out = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(ctypes.c_void_p(out))
"""


def test_holes_between_arrays_that_stay_are_given_back() -> None:
    arrays = [np.ones(64 * 1024, np.uint8) for _ in range(4096)]
    kept = arrays[::64]
    del arrays
    before = psutil.Process().memory_info().rss
    release_unused()
    given_back = before - psutil.Process().memory_info().rss
    assert given_back > 128 * MIB
    assert all(array.all() for array in kept)


@pytest.mark.parametrize(("first", "one"), [("share_one_heap()", True), ("", False)])
def test_threads_take_memory_from_one_heap_once_that_is_said(first: str, one: bool) -> None:
    ran = subprocess.run([sys.executable, "-c", HEAPS.format(first=first)], capture_output=True, text=True, check=True)
    assert (ran.stdout.count("<heap nr=") == 1) is one
