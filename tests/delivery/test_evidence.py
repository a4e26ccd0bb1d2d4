"""Evidence where other programs read it: JSON, whatever the database."""

import json
from datetime import date

import pyarrow as pa
import valkey

from lsif.delivery import Published
from lsif.schema import TABLES
from lsif.tables import Tables
from lsif.tables.door import arrow_schema
from tests.delivery.conftest import Target

DS = "2024-03-10"
PIECE = {"item_id": 'a "b", c', "piece": "window", "event_type": "view", "events": 2, "share": 0.5}
DAYS = {"first_day": date(2024, 3, 1), "last_day": date(2024, 3, 9)}
READ = {**PIECE, "first_day": "2024-03-01", "last_day": "2024-03-09"}


def test_evidence_arrives_as_json(target: Target, tables: Tables) -> None:
    rows = [
        {"list": "for_you", "user_id": "u", "rank": rank, "item_id": f"i{rank}", "reason": f"{rank}", "evidence": told}
        for rank, told in enumerate(([{**PIECE, **DAYS}], [], None), 1)
    ]
    writer = tables.writer("recommendations")
    writer.write(DS, pa.Table.from_pylist(rows, schema=arrow_schema(TABLES["recommendations"], with_ds=False)))
    writer.commit()
    target.destination = target.destination.model_copy(update={"columns": ("item_id", "reason", "evidence")})
    target.deliver(Published(tables, DS, target.destination))
    assert told(target) == [("1", [READ]), ("2", []), ("3", None)]


def told(target: Target) -> list[tuple[str, object]]:
    """Reason and evidence as a reader finds them."""
    if target.destination.to == "redis":
        client, prefix = valkey.from_url(target.destination.url, decode_responses=True), target.destination.prefix
        found = json.loads(client.get(f"{prefix}:{client.get(f'{prefix}:live')}:for_you:u"))
        return [(row["reason"], row["evidence"]) for row in found]
    rows = target.query(f"SELECT reason, evidence FROM {target.destination.table} ORDER BY rank")
    return [(reason, json.loads(text) if isinstance(text, str) else text) for reason, text in rows]
