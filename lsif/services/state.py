"""What runs in a home right now."""

from dataclasses import dataclass
from pathlib import Path

import psutil

from lsif.services.layout import Endpoints, Layout, endpoints
from lsif.services.parts import PARTS, health
from lsif.services.processes import family, is_alive, read_record


@dataclass(frozen=True)
class Part:
    """One part; `memory_mb` is the proportional set size of the process with its children."""

    name: str
    pid: int | None
    alive: bool
    healthy: bool
    memory_mb: float


@dataclass(frozen=True)
class Status:
    """All parts of a home, and where they answer (None when nothing was started)."""

    home: Path
    parts: tuple[Part, ...]
    endpoints: Endpoints | None
    password_file: Path
    mlflow_password_file: Path

    @property
    def is_up(self) -> bool:
        return all(part.alive and part.healthy for part in self.parts)

    @property
    def is_down(self) -> bool:
        return not any(part.alive for part in self.parts)


def status(home: Path | str) -> Status:
    """Look at every part of `home`; starts and changes nothing."""
    layout = Layout(Path(home))
    chosen = endpoints(layout)
    healthy = health(chosen.airflow_url, chosen.mlflow_url) if chosen else {}
    parts = tuple(_part(layout, name, healthy.get(name, False)) for name in PARTS)
    return Status(layout.home, parts, chosen, layout.password_file, layout.mlflow_login("reader"))


def _part(layout: Layout, name: str, healthy: bool) -> Part:
    record = read_record(layout, name)
    if record is None or not is_alive(record):
        return Part(name, None, alive=False, healthy=False, memory_mb=0.0)
    memory = sum(_memory_mb(process) for process in family(record))
    return Part(name, record.pid, alive=True, healthy=healthy, memory_mb=memory)


def _memory_mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0  # ended while we looked, or PostgreSQL's under its own user
