"""What every user of the machine sees of the processes of a home while they run: command lines, environments, ports."""

import ipaddress
import os
import threading
from contextlib import suppress
from pathlib import Path

EVERY = 0.5
"""Seconds between two looks: jobs last longer."""
PROC = Path("/proc")
LISTENS = "0A"
"""State of a socket in /proc/net/tcp."""


class Watch(threading.Thread):
    """Looks until it is told to stop; `with Watch(...) as seen` does.

    Attributes:
        told: command lines, of whomever, and environments that not only the operator may read, with a secret in them.
        open: addresses on which a process of the home listened and which others can reach, with its command line.
        processes: how many processes of the home were seen.
    """

    def __init__(self, home: Path, secret: bytes) -> None:
        super().__init__(daemon=True)
        self._ours, self._secret = f"LSIF_HOME={home}\0".encode(), secret
        self._stopped = threading.Event()
        self._known: set[str] = set()
        self.told: set[str] = set()
        self.open: set[tuple[str, str]] = set()
        self.processes: set[int] = set()

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        while not self._stopped.wait(EVERY):
            here = [pid for pid in map(_pid, os.listdir(PROC)) if pid]
            for pid in here:
                with suppress(OSError):  # it ended, or is somebody else's
                    self._look(PROC / str(pid))
            self._listeners(here)

    def _look(self, process: Path) -> None:
        line = (process / "cmdline").read_bytes()
        if self._secret in line:
            self.told.add(line.replace(b"\0", b" ").decode(errors="replace"))
        status = (process / "environ").stat()
        around = (process / "environ").read_bytes()
        if self._ours not in around:
            return
        self.processes.add(int(process.name))
        if self._secret in around and (status.st_uid != os.geteuid() or status.st_mode & 0o077):
            self.told.add(f"the environment of {line.replace(bytes(1), b' ').decode(errors='replace')}")

    def _listeners(self, here: list[int]) -> None:
        fresh = {inode: at for inode, at in listeners().items() if inode not in self._known}
        self._known |= fresh.keys()
        if not fresh:
            return
        for pid in set(here) & self.processes:
            with suppress(OSError):
                for held in (PROC / str(pid) / "fd").iterdir():
                    inode = os.readlink(held).removeprefix("socket:[").rstrip("]")
                    if inode in fresh:
                        line = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                        self.open.add((fresh[inode], line))


def listeners() -> dict[str, str]:
    """Inode = address of every socket of the machine that listens for others than the machine itself."""
    found = {}
    for file in ("tcp", "tcp6"):
        for line in (PROC / "net" / file).read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            at = address(local.split(":")[0])
            if state == LISTENS and not at.is_loopback:
                found[inode] = f"{at}:{int(local.split(':')[1], 16)}"
    return found


def address(digits: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Of /proc/net: words of four bytes, each in the machine's order."""
    words = [bytes.fromhex(digits[start : start + 8])[::-1] for start in range(0, len(digits), 8)]
    at = ipaddress.ip_address(b"".join(words))
    return getattr(at, "ipv4_mapped", None) or at


def _pid(name: str) -> int:
    return int(name) if name.isdigit() else 0
