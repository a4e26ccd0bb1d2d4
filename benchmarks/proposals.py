"""Proposals for logs that nobody has described: on how many does `lsif init` run as it is?

    python -m benchmarks.proposals reads=READS.parquet,ARTICLES.parquet clicks=CLICKS.parquet

Beside the logs that are named, the packaged sample: three months of a few hundred households as CSV, JSON lines, nested
JSON and Parquet. A proposal runs when `lsif check` accepts it unchanged.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from lsif.config import load_settings
from lsif.errors import LsifError
from lsif.intake.proposed import proposed, toml
from lsif.intake.sample import sampled
from lsif.interests.checked import checked
from lsif.sample import land
from lsif.spark import session

FIRST, LAST, HOUSEHOLDS, ROWS = "2017-01-01", "2017-03-31", 300, 50_000


def sample(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The sample's purchases in one file, in four formats, each with its products."""
    land(folder, FIRST, LAST, households=HOUSEHOLDS)
    days = sorted((folder / "landing" / "purchases").iterdir())
    rows, products = pa.concat_tables(map(pq.read_table, days)), pq.read_table(folder / "landing" / "products.parquet")
    for kind in ("csv", "jsonl", "json", "parquet"):
        files = [folder / f"{name}.{kind}" for name in ("purchases", "products")]
        for file, table in zip(files, (rows, products), strict=True):
            _write(file, table, nested=kind == "json")
        yield f"sample as {kind}", [str(file) for file in files]


def _write(file: Path, table: pa.Table, nested: bool) -> None:
    if file.suffix == ".csv":
        pacsv.write_csv(table, file)
    elif file.suffix == ".parquet":
        pq.write_table(table, file)
    else:
        lines = ((_nested(row) if nested else row) for row in table.to_pylist())
        file.write_text("\n".join(json.dumps(row, default=str) for row in lines))


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    """`product_id` of a purchase becomes `product.id`, as trackers send it."""
    made: dict[str, Any] = {}
    for name, value in row.items():
        head, _, rest = name.partition("_")
        if rest == "id":
            made[head] = {rest: value}
        else:
            made[name] = value
    return made


def outcome(folder: Path, files: list[str]) -> str:
    """What became of one log."""
    config = folder / "proposal.toml"
    try:
        config.write_text(toml(proposed([sampled(file) for file in files])))
        settings = load_settings(config)
        found = list(checked(session("proposals"), settings, None, ROWS))
    except LsifError as error:
        return f"fails: {error}"
    wrong = [line for one in found for line in one.wrong]
    told = "; ".join(f"{one.name} {one.facts['rows']}" for one in found)
    open_questions = config.read_text().count("# decide")
    return f"{'fails: ' + '; '.join(wrong) if wrong else 'runs'} ({told}; {open_questions} to decide)"


def main(words: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["LSIF_HOME"] = name
        named = [(word.partition("=")[0], word.partition("=")[2].split(",")) for word in words]
        logs = [*named, *sample(folder)]
        outcomes = {log: outcome(folder, files) for log, files in logs}
    for log, said in outcomes.items():
        print(f"{log:<20} {said}")
    print(f"{sum(said.startswith('runs') for said in outcomes.values())} of {len(outcomes)} run as proposed")


if __name__ == "__main__":
    main(sys.argv[1:])
