"""What both sides of the comparison are asked and how they answer, in whatever environment they live."""

import argparse
import json
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

K, SEED = 20, 1


def asked(description: str | None, what: Sequence[str]) -> argparse.Namespace:
    """What is to be timed, numbers of users, items, dimensions and threads, and where the answer goes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", choices=what, required=True)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


@contextmanager
def timed(options: argparse.Namespace) -> Iterator[None]:
    """Answers what the block cost; the peak is the process's so far."""
    began, cpu = time.perf_counter(), time.process_time()
    yield
    report = {
        "users": options.users,
        "threads": options.threads,
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    options.out.write_text(json.dumps(report))
