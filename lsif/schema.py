"""Every table's columns, key and partitioning, once."""

from lsif.schema_of_operations import OF_OPERATIONS
from lsif.table_schema import (
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    STRING,
    TIMESTAMP,
    TableSchema,
    Type,
    array,
    struct,
    table,
)

EXPERIMENT = "experiment ds event variant salt differs reason"
"""Columns of texts of the table `experiments`."""


def _beside_items(name: str, **told: Type) -> TableSchema:
    """Lists beside items; `told` is what a row says of the two."""
    ours = {"item_id": STRING, "rank": INTEGER, "other_item_id": STRING, "score": DOUBLE, "rule_part": DOUBLE}
    return TableSchema(name, {**ours, **told}, ("item_id", "rank"))


def _by_segment(name: str, added: tuple[str, ...] = (), **told: Type) -> TableSchema:
    """Numbers of lists by segment, with intervals."""
    key = ("list", "metric", "segment")
    ours = {**dict.fromkeys(key, STRING), "value": DOUBLE, "low": DOUBLE, "high": DOUBLE}
    return TableSchema(name, {**ours, **told}, key, added=added)


TABLES: dict[str, TableSchema] = {
    one.name: one
    for one in (
        table(
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
        table(
            "quarantine", key="rule", added="file line", rule=STRING, source=STRING, raw=STRING, file=STRING, line=LONG
        ),
        table(
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
        table(
            "users", key="user_id", user_id=STRING, opt_out=BOOLEAN, attributes=array(struct(name=STRING, value=STRING))
        ),
        table("pseudonyms", key="user_id", user_id=STRING, key_id=STRING, sealed=STRING),
        table(
            "item_vectors",
            key="text_sha256 encoder",
            partitioned=False,
            text_sha256=STRING,
            encoder=STRING,
            vector=array(FLOAT),
        ),
        table(
            "item_kinds",
            key="prompt_version model",
            partitioned=False,
            prompt_version=STRING,
            model=STRING,
            known_from=STRING,
            kinds=array(STRING),
        ),
        table(
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
        table(
            "history_tiles",
            key="user_id item_id",
            user_id=STRING,
            item_id=STRING,
            days=array(struct(day=DATE, event_type=STRING, n=LONG, weight=DOUBLE)),
        ),
        table("user_tiles", key="user_id", user_id=STRING, events=LONG, baskets=LONG),
        table("item_tiles", key="item_id", item_id=STRING, events=LONG, baskets=LONG, buyers=LONG, weight=DOUBLE),
        table(
            "long_term_histories",
            key="user_id",
            user_id=STRING,
            n_events=LONG,
            first_day=DATE,
            items=array(struct(item_id=STRING, n=LONG, weights=array(DOUBLE), first_day=DATE, last_days=array(DATE))),
            categories=array(struct(category=STRING, n=LONG, weights=array(DOUBLE))),
        ),
        table(
            "recent_windows",
            key="user_id",
            added="searches",
            user_id=STRING,
            events=array(struct(item_id=STRING, event_type=STRING, event_time=TIMESTAMP)),
            searches=array(struct(query=STRING, event_type=STRING, event_time=TIMESTAMP)),
        ),
        table(
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
        table(
            "item_hours",
            key="item_id hour",
            added="buyers_by_minute",
            item_id=STRING,
            hour=TIMESTAMP,
            events=LONG,
            buyers=LONG,
            buyers_by_minute=array(LONG),
        ),
        table(
            "item_states",
            key="item_id",
            added="buyers_hours buyers_hours_decayed newest_hour oldest_hour takers buyers_minutes_decayed",
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
            buyers_minutes_decayed=array(DOUBLE),
        ),
        table(
            "recommendations",
            key="list user_id rank",
            added="rule_part rule_share neighbour_part propensity evidence reason variant",
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
            neighbour_part=DOUBLE,
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
            variant=STRING,
        ),
        table("assignments", key="user_id", user_id=STRING, experiment=STRING, variant=STRING, served=STRING),
        TableSchema(
            "experiments", {"seq": LONG, "share": DOUBLE, **dict.fromkeys(EXPERIMENT.split(), STRING)}, ("seq",), False
        ),
        _beside_items("similar_items", text=DOUBLE, attributes=DOUBLE, factors=DOUBLE),
        _beside_items("taken_together", baskets=LONG, users=LONG),
        table("shared_popularity", key="item_id", item_id=STRING, count=LONG),
        table("list_rule_hits", key="list rule", list=STRING, rule=STRING, rows=LONG, users=LONG),
        table(
            "feedback",
            key="source event_id list",
            added="source event_id list user_id item_id recommended_ds rank value reason_code model_version propensity "
            "variant",
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
            variant=STRING,
        ),
        _by_segment("metrics_daily", added=("hits",), n=LONG, hits=LONG),
        _by_segment("released"),
        *OF_OPERATIONS,
    )
}
