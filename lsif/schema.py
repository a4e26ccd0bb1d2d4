"""Every table's columns, key and partitioning, once.

A column's type is written in the JSON type language that Spark and Delta share, so that one definition makes the
Spark schema, the Delta schema and the Arrow schema.
"""

from dataclasses import dataclass
from typing import Any

Type = str | dict[str, Any]

STRING, LONG, INTEGER, DOUBLE, FLOAT = "string", "long", "integer", "double", "float"
BOOLEAN, DATE, TIMESTAMP = "boolean", "date", "timestamp"

DS = "ds"


def array(element: Type) -> Type:
    return {"type": "array", "elementType": element, "containsNull": True}


def struct(**fields: Type) -> dict[str, Any]:
    return {
        "type": "struct",
        "fields": [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in fields.items()],
    }


@dataclass(frozen=True)
class TableSchema:
    """One table's contract.

    Attributes:
        name: folder name under the table root.
        columns: data columns in order, without `ds`.
        key: columns that identify a row within a partition and are never null.
        partitioned: whether rows live in `ds` partitions, which are replaced and never appended to.
        added: columns that came later: a table of before is read as if they were there and null.
    """

    name: str
    columns: dict[str, Type]
    key: tuple[str, ...]
    partitioned: bool = True
    added: tuple[str, ...] = ()

    def struct(self, with_ds: bool = True) -> dict[str, Any]:
        """The schema as Spark and Delta JSON; `ds` comes last and is absent from the data files."""
        extra = {DS: STRING} if with_ds and self.partitioned else {}
        return struct(**self.columns, **extra)


def _table(name: str, key: str, partitioned: bool = True, added: str = "", **columns: Type) -> TableSchema:
    return TableSchema(name, columns, tuple(key.split()), partitioned, tuple(added.split()))


def _beside_items(name: str, **told: Type) -> TableSchema:
    """Lists beside items; `told` is what a row says of the two."""
    ours = {"item_id": STRING, "rank": INTEGER, "other_item_id": STRING, "score": DOUBLE, "rule_part": DOUBLE}
    return TableSchema(name, {**ours, **told}, ("item_id", "rank"))


TABLES: dict[str, TableSchema] = {
    table.name: table
    for table in (
        _table(
            "events",
            key="source event_id",
            added="source list",
            event_id=STRING,
            user_id=STRING,
            item_id=STRING,
            event_type=STRING,
            event_time=TIMESTAMP,
            weight=DOUBLE,
            value=DOUBLE,
            query=STRING,
            recommendation_id=STRING,
            source=STRING,
            list=STRING,
        ),
        _table("quarantine", key="rule", rule=STRING, source=STRING, raw=STRING),
        _table(
            "checks",
            key="step check",
            step=STRING,
            check=STRING,
            value=DOUBLE,
            bound=DOUBLE,
            verdict=STRING,
            note=STRING,
        ),
        _table(
            "items",
            key="item_id",
            item_id=STRING,
            title=STRING,
            category=STRING,
            brand=STRING,
            text=STRING,
            available=BOOLEAN,
            published=TIMESTAMP,
            attributes=array(struct(name=STRING, value=STRING)),
            numbers=array(struct(name=STRING, value=DOUBLE)),
            added="published attributes numbers",
        ),
        _table(
            "users",
            key="user_id",
            user_id=STRING,
            opt_out=BOOLEAN,
            attributes=array(struct(name=STRING, value=STRING)),
        ),
        _table(
            "item_vectors",
            key="text_sha256 encoder",
            partitioned=False,
            text_sha256=STRING,
            encoder=STRING,
            vector=array(FLOAT),
        ),
        _table(
            "item_kinds",
            key="prompt_version model",
            partitioned=False,
            prompt_version=STRING,
            model=STRING,
            known_from=STRING,
            kinds=array(STRING),
        ),
        _table(
            "item_attributes",
            key="text_sha256 prompt_version model",
            partitioned=False,
            text_sha256=STRING,
            prompt_version=STRING,
            model=STRING,
            known_from=STRING,
            kind=STRING,
            words=STRING,
            attributes=array(struct(name=STRING, value=STRING, words=STRING)),
            goes_with=array(struct(kind=STRING, words=STRING)),
        ),
        _table(
            "history_tiles",
            key="user_id item_id",
            user_id=STRING,
            item_id=STRING,
            days=array(struct(day=DATE, event_type=STRING, n=LONG, weight=DOUBLE)),
        ),
        _table("user_tiles", key="user_id", user_id=STRING, events=LONG, baskets=LONG),
        _table("item_tiles", key="item_id", item_id=STRING, events=LONG, baskets=LONG, buyers=LONG, weight=DOUBLE),
        _table(
            "long_term_histories",
            key="user_id",
            user_id=STRING,
            n_events=LONG,
            first_day=DATE,
            items=array(struct(item_id=STRING, n=LONG, weights=array(DOUBLE), first_day=DATE, last_days=array(DATE))),
            categories=array(struct(category=STRING, n=LONG, weights=array(DOUBLE))),
        ),
        _table(
            "recent_windows",
            key="user_id",
            user_id=STRING,
            events=array(struct(item_id=STRING, event_type=STRING, event_time=TIMESTAMP)),
        ),
        _table(
            "user_interests",
            key="user_id attribute theme",
            user_id=STRING,
            attribute=STRING,
            theme=STRING,
            long_weight=DOUBLE,
            short_weight=DOUBLE,
            change=DOUBLE,
            share=DOUBLE,
            share_change=DOUBLE,
            items=LONG,
            last_day=DATE,
        ),
        _table(
            "item_hours",
            key="item_id hour",
            item_id=STRING,
            hour=TIMESTAMP,
            events=LONG,
            buyers=LONG,
        ),
        _table(
            "item_states",
            key="item_id",
            added="buyers_hours buyers_hours_decayed newest_hour oldest_hour takers",
            item_id=STRING,
            users=LONG,
            again=LONG,
            users_7d=LONG,
            again_7d=LONG,
            oldest=LONG,
            newest=LONG,
            new_users=array(LONG),
            new_users_decayed=array(DOUBLE),
            buyers=array(LONG),
            buyers_decayed=array(DOUBLE),
            factor=array(FLOAT),
            buyers_hours=array(LONG),
            buyers_hours_decayed=array(DOUBLE),
            newest_hour=LONG,
            oldest_hour=LONG,
            takers=array(FLOAT),
        ),
        _table(
            "recommendations",
            key="list user_id rank",
            added="rule_part rule_share propensity evidence reason",
            list=STRING,
            user_id=STRING,
            rank=INTEGER,
            item_id=STRING,
            score=DOUBLE,
            alpha=DOUBLE,
            long_part=DOUBLE,
            short_part=DOUBLE,
            popularity_part=DOUBLE,
            rule_part=DOUBLE,
            long_share=DOUBLE,
            short_share=DOUBLE,
            popularity_share=DOUBLE,
            rule_share=DOUBLE,
            propensity=DOUBLE,
            generator=STRING,
            reason_code=STRING,
            recommendation_id=STRING,
            model_version=STRING,
            config_hash=STRING,
            evidence=array(
                struct(
                    item_id=STRING,
                    piece=STRING,
                    event_type=STRING,
                    events=LONG,
                    first_day=DATE,
                    last_day=DATE,
                    share=DOUBLE,
                )
            ),
            reason=STRING,
        ),
        _beside_items("similar_items", text=DOUBLE, attributes=DOUBLE, factors=DOUBLE),
        _beside_items("taken_together", baskets=LONG, users=LONG),
        _table("list_rule_hits", key="list rule", list=STRING, rule=STRING, rows=LONG, users=LONG),
        _table(
            "feedback",
            key="source event_id list",
            added="source event_id list user_id item_id recommended_ds rank value reason_code model_version propensity",
            recommendation_id=STRING,
            outcome=STRING,
            event_time=TIMESTAMP,
            source=STRING,
            event_id=STRING,
            list=STRING,
            user_id=STRING,
            item_id=STRING,
            recommended_ds=STRING,
            rank=INTEGER,
            value=DOUBLE,
            reason_code=STRING,
            model_version=STRING,
            propensity=DOUBLE,
        ),
        _table(
            "metrics_daily",
            key="list metric segment",
            added="hits",
            list=STRING,
            metric=STRING,
            segment=STRING,
            value=DOUBLE,
            low=DOUBLE,
            high=DOUBLE,
            n=LONG,
            hits=LONG,
        ),
        _table(
            "alias_history",
            key="seq alias",
            partitioned=False,
            seq=LONG,
            alias=STRING,
            from_version=STRING,
            to_version=STRING,
            who=STRING,
            ds=STRING,
            reason=STRING,
            made_of=STRING,
        ),
        _table(
            "runs",
            key="run_id step ds",
            partitioned=False,
            seq=LONG,
            run_id=STRING,
            step=STRING,
            ds=STRING,
            status=STRING,
            inputs=STRING,
            outputs=STRING,
            rows_in=LONG,
            rows_out=LONG,
            duplicates=LONG,
            quarantined=LONG,
            seconds=DOUBLE,
            peak_memory_mb=DOUBLE,
            config_hash=STRING,
            code_hash=STRING,
            model_version=STRING,
            note=STRING,
        ),
    )
}
