"""Free ports on 127.0.0.1: the default, else the next free one; one that was asked for by name must be free."""

import os
import socket
from collections.abc import Callable

from lsif.errors import LsifError

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed port lingers a minute otherwise
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose_port(variable: str, default: int, say: Callable[[str], None]) -> int:
    """The port in environment `variable`, else `default`, else the next free one above it.

    Raises:
        LsifError: `variable` is no port, or its port is taken.
    """
    if asked := os.environ.get(variable):
        if not asked.isdigit() or not 0 < int(asked) < 65536:
            raise LsifError(f"{variable}={asked} is not a port (1 to 65535)")
        if not is_free(int(asked)):
            raise LsifError(f"{variable}={asked}: something else listens there; choose another port or unset it")
        return int(asked)
    for port in range(default, default + 200):
        if is_free(port):
            if port != default:
                say(f"port {default} is taken by something else: using {port} ({variable} chooses another)")
            return port
    raise LsifError(f"no free port from {default} to {default + 199}: set {variable}")
