"""Who got which variant's lists in a night that is published: rows of `assignments`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from lsif.engine import engine
from lsif.experiments.record import NOTE, begin
from lsif.schema import TABLES
from lsif.tables import Staged, Tables
from lsif.tables.door import arrow_schema

ASSIGNED = """
    SELECT user_id, $name AS experiment, variant, served
    FROM (SELECT DISTINCT user_id, variant FROM listed) JOIN variants USING (variant) ORDER BY user_id"""


def note_assignments(tables: Tables, staged: Staged) -> None:
    """Write who was assigned what, and by an experiment's first night, what its variants are.

    A day that is no longer a night of an experiment has no rows.
    """
    about = json.loads(staged.notes.get(NOTE, "null"))
    if about is None and staged.ds not in tables.days("assignments"):
        return
    writer = tables.writer("assignments")
    if about is None:
        writer.write(staged.ds, [])
    else:
        begin(tables, staged.ds, about["name"], about["plan"])
        writer.write(staged.ds, _rows(staged, about))
    writer.commit()


def _rows(staged: Staged, about: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    wanted = arrow_schema(TABLES["assignments"], with_ds=False)
    variants = [{"variant": name, "served": one["by"]} for name, one in about["variants"].items()]
    with engine() as sql:
        sql.register("listed", staged.scan())
        sql.register("variants", pa.Table.from_pylist(variants))
        for batch in sql.sql(ASSIGNED, params={"name": about["name"]}).to_arrow_reader():
            yield batch.select(wanted.names).cast(wanted)
