"""CPU seconds of the steps of one process, told to whoever started it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.interests.measure import cpu_so_far


class Steps:
    """`with steps("ingest"): ...`, once or more often; each time is kept, in order."""

    def __init__(self) -> None:
        self.cpu: dict[str, list[float]] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        before = cpu_so_far()
        yield
        self.cpu.setdefault(name, []).append(cpu_so_far() - before)
        print(f"  {name}: {self.cpu[name][-1]:.2f} CPU s", flush=True)

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(self.cpu))
