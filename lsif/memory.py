"""Memory that nobody holds any more, back to the system, where the C library is glibc; elsewhere nothing happens."""

import ctypes

M_ARENA_MAX = -8  # malloc.h


def release_unused() -> None:
    """Return freed pages.

    Many short-lived arrays of a few megabytes leave holes between those that stay, which glibc keeps for later.
    https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def share_one_heap() -> None:
    """Let threads that start from now on take memory where the others do.

    Each has a heap of its own otherwise, and what one has freed is of no use to the next: threads that come and go with
    every block of users grew a night by 40 MB a block. https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
