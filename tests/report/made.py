"""A home with some nights, written row by row: what the page reads, without Spark, a model or MLflow."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from lsif.days import day_before, days_between
from lsif.tables import Tables

DS, NIGHTS, HORIZON = "2017-11-20", 10, 7
USERS = [f"household-{number:03d}" for number in range(30)]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "{{ 7 * 7 }} {% raw %}",
    "</style><h1>owned",
    "Käse & «Wein» 干酪",
    "a" * 200,
)
TITLES = [*HOSTILE, *(f"Item of number {number}" for number in range(len(HOSTILE), 25))]
ITEMS = [f"i{number:02d}" for number in range(25)]
LISTS = ("for_you", "buy_again", "discover")
Rows = list[dict[str, Any]]


def write(tables: Tables, name: str, ds: str | None, rows: Rows) -> None:
    writer = tables.writer(name)
    full = [dict.fromkeys(tables.schema(name).names) | row for row in rows]
    writer.write(ds, pa.Table.from_pylist(full, tables.schema(name)))
    writer.append() if ds is None else writer.commit()


def nights(tables: Tables, last: str = DS, many: int = NIGHTS) -> None:
    """`many` published nights, the last with everything that a page can show."""
    days = days_between(day_before(last, many - 1), last)
    for seq, ds in enumerate(days):
        _known(tables, ds)
        listed(tables, ds)
        measured(tables, ds, with_past=seq >= HORIZON)
        drift = ("audit_recommendations", "psi_scores", 0.04, 0.25, "pass", None)
        ratio = ("join_feedback", "sample_ratio a", 0.6, 0.001, "pass", None)
        checked(tables, ds, [("ingest_events", "max_drop", 0.02, 0.9, "pass", None), drift, ratio])
        ledger(tables, ds, first=100 * (seq + 1))


def _known(tables: Tables, ds: str) -> None:
    at = datetime.fromisoformat(ds).replace(tzinfo=UTC) + timedelta(hours=20)
    pairs = [(user, ITEMS[(number + at.day) % 25]) for number, user in enumerate(USERS)]
    told = [{"user_id": user, "item_id": item, "event_type": "purchase", "event_time": at} for user, item in pairs]
    events = [{**row, "event_id": f"{ds}-{n}", "source": "shop", "weight": 1.0} for n, row in enumerate(told)]
    write(tables, "events", ds, events)
    write(tables, "quarantine", ds, [{"rule": "future", "source": "shop", "raw": "{}"}] * 3)
    items = zip(ITEMS, TITLES, strict=True)
    write(tables, "items", ds, [{"item_id": item, "title": title, "available": True} for item, title in items])
    day = [{"day": date.fromisoformat(ds), "event_type": "purchase", "n": 1, "weight": 1.0}]
    write(tables, "history_tiles", ds, [{"user_id": user, "item_id": item, "days": day} for user, item in pairs])
    write(tables, "user_tiles", ds, [{"user_id": user, "events": 1, "baskets": 1} for user in USERS])
    windows = [{"user_id": row["user_id"], "events": [{k: row[k] for k in WINDOW}]} for row in told]
    write(tables, "recent_windows", ds, windows)


WINDOW = ("item_id", "event_type", "event_time")


def listed(tables: Tables, ds: str, version: str = "3") -> None:
    made = {
        "long_share": 0.5,
        "short_share": 0.3,
        "popularity_share": 0.15,
        "rule_share": 0.05,
        "model_version": version,
    }
    rows = [
        {
            "list": name,
            "user_id": user,
            "rank": rank,
            "item_id": ITEMS[(number + rank) % 25],
            "score": 1 / rank,
            "alpha": (number % 10) / 10,
            "reason_code": ("long_habit", "popular")[rank % 2],
            "reason": "Because you bought “<b>” lately." if rank == 1 else None,
            "recommendation_id": f"{ds}{name}{number}-{rank}",
            **made,
        }
        for name in LISTS
        for number, user in enumerate(USERS)
        for rank in range(1, 21)
    ]
    write(tables, "recommendations", ds, rows)
    write(tables, "list_rule_hits", ds, [{"list": "discover", "rule": "caps", "rows": 12, "users": 7}])


def metric(name: str, metric: str, value: float, segment: str = "users=all", width: float | None = 0.02, n: int = 900):
    ends = {"low": None, "high": None} if width is None else {"low": value - width, "high": value + width}
    return {"list": name, "metric": metric, "segment": segment, "value": value, "n": n, **ends}


def measured(tables: Tables, ds: str, with_past: bool = True) -> None:
    rows = []
    for place, name in enumerate(LISTS):
        if with_past:
            score = 0.30 + 0.001 * int(ds[-2:]) - 0.1 * place
            rows += [metric(name, "lsif.ndcg@10", score), metric(name, "lsif.hit_rate@10", 0.8 - 0.2 * place)]
            rows += [metric(name, "frequency.ndcg@10", score - 0.03), metric(name, "popularity_7d.ndcg@10", 0.05)]
            rows += [metric(name, "lsif-frequency.ndcg@10", 0.03), metric(name, "lsif-popularity_7d.ndcg@10", 0.2)]
        for number, known in enumerate(("overlap@10", "new_rows", "same_7_nights", "personalisation", "coverage")):
            rows.append(metric(name, f"night.{known}", 0.9 - 0.15 * number - 0.01 * place, width=None))
        rows.append({**metric(name, "click_through", 0.08), "hits": 72})
        rows += [
            metric(name, "lsif.ndcg@10", 0.2 + 0.05 * g, f"user.country={c}") for g, c in enumerate(("FR", "DE", ""))
        ]
        rows.append(metric(name, "lsif.ndcg@10", 0.0, "user.country=IS", n=7))
        rows.append(metric(name, "fair.exposure_to_taken", 0.4 + 0.1 * place, "item.brand_size=small", None))
        rows += [metric(name, "click_through", 0.1 - 0.01 * g, f"variant={v}") for g, v in enumerate(("a", "b"))]
    rows += [metric("*", "experiment.conversion", 0.05 + 0.01 * g, f"variant={v}") for g, v in enumerate(("a", "b"))]
    rows += [metric("*", "experiment.users", 1039.0, f"variant={v}", None, 1039) for v in ("a", "b")]
    rows.append(metric("*", "experiment.conversion.gain", -0.01, "variant=b"))
    rows += [{**metric("*", "click_through", 0.2 / rank, f"rank={rank}", 0.01), "hits": 9} for rank in range(1, 6)]
    rows.append({**metric("*", "click_through", 0.09), "hits": 81})
    rows += [metric("*", name, 40.0, "outcome=purchase", None, 40) for name in ("matched", "unmatched")]
    write(tables, "metrics_daily", ds, rows)


def checked(tables: Tables, ds: str, rows: list[tuple[Any, ...]]) -> None:
    names = ("step", "check", "value", "bound", "verdict", "note")
    write(tables, "checks", ds, [dict(zip(names, row, strict=True)) for row in rows])


STEPS = (
    ("ingest_events", 33, 30),
    ("score_users", 30, 1800),
    ("audit_recommendations", 1800, 1800),
    ("publish_recommendations", 1800, 1800),
    ("join_feedback", 30, 30),
)


def ledger(tables: Tables, ds: str, first: int, ends_with: str = "join_feedback", failed: str = "") -> None:
    """Lines of the steps up to one of them; with `failed` that one failed, and this is what it said."""
    names = [name for name, _, _ in STEPS]
    rows: Rows = []
    for place, (step, rows_in, rows_out) in enumerate(STEPS[: names.index(ends_with) + 1]):
        told = {"status": "done", "rows_in": rows_in, "rows_out": rows_out}
        if failed and step == ends_with:
            told = {"status": "failed", "note": failed}
        counted = {"duplicates": 0, "quarantined": 3 if step == "ingest_events" else 0}
        took = {"seconds": 2.0 + 5 * place, "cpu_seconds": 1.0 + 4 * place, "peak_memory_mb": 500.0 + 300 * place}
        rows.append({"seq": first + place, "run_id": f"r{first}", "step": step, "ds": ds, **counted, **took, **told})
    write(tables, "runs", None, rows)
