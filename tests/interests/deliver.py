"""Deliveries for tests: files of rows as a source would send them."""

from pathlib import Path
from typing import Any

from lsif.config import Source

HEADER = "id,user,item,type,time,weight,value,query"
COLUMNS = {
    "event_id": "id",
    "user_id": "user",
    "item_id": "item",
    "event_type": "type",
    "event_time": "time",
    "weight": "weight",
    "value": "value",
    "query": "query",
}
DS = "2017-03-12"


def source(kind: str = "csv", **changes: Any) -> Source:
    return Source.model_validate({"path": f"{{ds}}.{kind}", "format": kind, "columns": COLUMNS, **changes})


def line(
    number: int | str,
    user: str = "u",
    item: str = "7",
    kind: str = "purchase",
    time: str = f"{DS}T10:00:00Z",
    rest: str = ",,",
) -> str:
    return f"{number},{user},{item},{kind},{time},{rest}"


def write(path: Path, *lines: str, header: str = HEADER) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n")
    return str(path)
