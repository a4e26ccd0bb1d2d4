"""Memory that nobody holds any more, back to the system."""

import ctypes


def release_unused() -> None:
    """Return freed pages, where the C library is glibc; on other Unix systems nothing happens.

    Many short-lived arrays of a few megabytes leave holes between those that stay, which glibc keeps for later.
    https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
