"""The demo's closing screen: lists with titles, what they were worth, and where everything is."""

import pyarrow.compute as pc
from rich.markup import escape
from rich.table import Table

from lsif.config import Settings, home_folder
from lsif.days import day_before, days_between
from lsif.evaluation.compare import Comparison
from lsif.evaluation.judgement import judgement
from lsif.features.evening import evening
from lsif.lookup import recommendations
from lsif.report.night import PAGES
from lsif.screen import console, show_rows
from lsif.services import Status
from lsif.tables import Tables

HOUSEHOLDS, LINES = 5, 5
SHOWN = ("ndcg@10", "recall@10", "hit_rate@10")
COLUMNS = ["list", "rank", "item_id", "title", "score", "alpha", "reason_code"]


def show_closing(tables: Tables, settings: Settings, ds: str, status: Status) -> None:
    """Print the screen for the lists of `ds`, judged by the horizon after it."""
    truth_days = days_between(day_before(ds, -1), day_before(ds, -settings.training.horizon_days))
    console.rule(f"[bold]Lists of {ds}", align="left")
    for user in _some_users(tables, ds):
        _, rows = recommendations(user, ds)
        few = [row for row in rows if row["rank"] <= LINES]
        show_rows(f"household {user} (model version {rows[0]['model_version']})", COLUMNS, few)
    console.rule(f"[bold]The lists of {ds} against what was bought {truth_days[0]} to {truth_days[-1]}", align="left")
    _show_metrics(_judged(tables, settings, ds, truth_days))
    _show_places(tables, ds, status)


def _some_users(tables: Tables, ds: str) -> list[str]:
    """A few households spread evenly over the sorted ids."""
    users = pc.unique(tables.read("recommendations", [ds], ["user_id"])["user_id"]).sort().to_pylist()
    step = max(1, len(users) // HOUSEHOLDS)
    return users[::step][:HOUSEHOLDS]


def _judged(tables: Tables, settings: Settings, ds: str, truth_days: list[str]) -> Comparison:
    """The published lists and what counting reaches, judged by what arrived on `truth_days`."""
    published = tables.read("recommendations", [ds], ["list", "user_id", "rank", "item_id"])
    return judgement(
        {"LSIF": [published]}, evening(tables, ds, settings, None), tables.read("events", truth_days), settings, (10,)
    )


def _show_metrics(rows: Comparison) -> None:
    """A table for each list: beside its contenders there is no room for its name in 80 columns."""
    for name in dict.fromkeys(row["list"] for row in rows):
        of_list = [row for row in rows if row["list"] == name]
        table = Table(
            escape(name), *SHOWN, "LSIF's lead in NDCG@10, 95 %", box=None, pad_edge=False, header_style="bold"
        )
        for contender in dict.fromkeys(row["contender"] for row in of_list):
            own = {row["metric"]: row for row in of_list if row["contender"] == contender}
            gain = own[SHOWN[0]]
            lead = f"{gain['gain']:+.4f} ({gain['gain_low']:+.4f} to {gain['gain_high']:+.4f})"
            cells = [f"{own[metric]['value']:.4f}" for metric in SHOWN]
            table.add_row(contender, *cells, "" if contender == "LSIF" else lead)
        console.print(table)
        console.print(f"[dim]{of_list[0]['n']} households that bought something of it in those days[/]")


def _show_places(tables: Tables, ds: str, status: Status) -> None:
    console.rule("[bold]Where everything is", align="left")
    path = tables.path("recommendations")
    console.print(f"tables    {tables.root}  (Delta; read them with anything)", soft_wrap=True)
    console.print("a query   paste this:", soft_wrap=True)
    console.print(_query(path, ds), markup=False, soft_wrap=True)
    console.print(f"a page    {home_folder() / PAGES / 'index.html'}  (each night's, open it)", soft_wrap=True)
    if status.endpoints:
        console.print(f"Airflow   {status.endpoints.airflow_url}  user admin, password in {status.password_file}")
        console.print(
            f"MLflow    {status.endpoints.mlflow_url}  user reader, password in {status.mlflow_password_file}"
        )
    console.print("stop it   make down")


def _query(path: str, ds: str) -> str:
    columns = "list, rank, item_id, score, alpha, reason_code"
    sql = f"SELECT {columns} FROM r WHERE ds = '{ds}' ORDER BY user_id, list, rank LIMIT 10"
    return (
        '.venv/bin/python -c "import duckdb; from deltalake import DeltaTable; '
        f"r = duckdb.read_parquet(DeltaTable('{path}').file_uris(), hive_partitioning=True); "
        f'print(duckdb.sql(\\"{sql}\\"))"'
    )
