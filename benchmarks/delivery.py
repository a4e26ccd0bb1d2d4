"""What it costs to deliver a day's lists into PostgreSQL, SQLite and Valkey: rows a second, CPU, memory.

    python -m benchmarks.delivery --rows 1000000

Made-up lists of twenty rows; each database is a server of its own here, beside the job on one machine. CPU of the job
and of the server are told apart, the job's start (Python, imports, the ledger) is in it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import psutil
import pyarrow as pa

from lsif.config import project_folder
from lsif.tables import Tables
from tests.servers import postgres_server, redis_server

DS, K, BLOCK = "2017-10-31", 20, 2_000
SETTINGS = """
[event_types]
purchase = 1.0
[sources.shop]
path = "{{ds}}.csv"
format = "csv"
event_type = "purchase"
columns = {{ user_id = "user", item_id = "item", event_time = "time" }}
[deliver.here]
to = "{kind}"
url = "{url}"
"""


def blocks(schema: pa.Schema, users: int) -> Iterator[pa.RecordBatch]:
    """Lists as a night stages them, some users at a time."""
    rng = np.random.default_rng(1)
    for first in range(0, users, BLOCK):
        some = min(BLOCK, users - first)
        n = some * K
        known = {
            "list": np.repeat("for_you", n),
            "user_id": np.repeat([f"user-{first + u:08d}" for u in range(some)], K),
            "rank": np.tile(np.arange(1, K + 1, dtype=np.int32), some),
            "item_id": [f"item-{i:06d}" for i in rng.integers(0, 50_000, n)],
            "score": rng.normal(size=n),
            "reason_code": rng.choice(["long", "short", "popularity"], n),
            "recommendation_id": [rng.bytes(16).hex() for _ in range(n)],
        }
        columns = [pa.array(known[f.name], f.type) if f.name in known else pa.nulls(n, f.type) for f in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def deliver(home: Path, kind: str, url: str, rows: int) -> None:
    (home / "lsif.toml").write_text(SETTINGS.format(kind=kind, url=url))
    environment = {**os.environ, "LSIF_HOME": str(home), "LSIF_CONFIG": str(home / "lsif.toml")}
    environment |= {"PYTHONPATH": str(project_folder()), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(project_folder() / "jobs" / "deliver.py"), "--ds", DS, "--force"]
    before, started = served(url), time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    _, status, used = os.wait4(process.pid, 0)  # of this child alone: a server is one as well
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    wall, cpu = time.perf_counter() - started, used.ru_utime + used.ru_stime
    told = f"{rows / wall:,.0f} rows/s, {wall:.1f} s, CPU {cpu:.1f} s and the server's {served(url) - before:.1f} s"
    print(f"{url.partition(':')[0]}: {told}, peak memory {used.ru_maxrss / 1024:,.0f} MiB", flush=True)


def served(url: str) -> float:
    """CPU of the server at a url, with that of its children, ended ones too; a file has none."""
    place = unquote(url.partition("host=")[2]) or url.rpartition("@")[2].rpartition("//")[2].removesuffix("/0")
    found = [one for one in psutil.process_iter(["name", "cmdline"]) if place in " ".join(one.info["cmdline"] or [])]
    servers = [one for one in found if one.info["name"] in ("postgres", "valkey-server")]
    return sum(sum(one.cpu_times()[:4]) for first in servers for one in [first, *first.children(recursive=True)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        writer = Tables(f"{home}/tables").writer("recommendations")
        writer.write(DS, blocks(Tables(f"{home}/tables").schema("recommendations"), options.rows // K))
        rows = writer.commit()
        with postgres_server() as url:
            deliver(home, "sql", url, rows)
        deliver(home, "sql", f"sqlite:///{home}/lists.db", rows)
        with redis_server(home) as url:
            deliver(home, "redis", url, rows)


if __name__ == "__main__":
    main()
