"""The night has the tasks that its configuration asks for, and waits for what stands in for a catalogue."""

import sys
from pathlib import Path

import pytest

from tests.dags.conftest import DAGS

SHOP = '[event_types]\npurchase = 1.0\n[sources.shop]\npath = "{ds}.csv"\n'


@pytest.mark.parametrize(
    ("sections", "has_users", "waits_for_events"),
    [
        ("[catalogue]\n", False, False),
        ('[catalogue]\n[users]\npath = "users.csv"\n', True, False),
        ('[users]\npath = "users.csv"\n', True, True),
        ("no TOML", False, False),
    ],
)
def test_the_night_follows_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sections: str, has_users: bool, waits_for_events: bool
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    (tmp_path / "my.toml").write_text(SHOP + sections)
    monkeypatch.setenv("LSIF_CONFIG", str(tmp_path / "my.toml"))
    bag = DagBag(DAGS / "lsif_nightly.py")
    assert bag.import_errors == {}
    night = bag.dags["lsif_nightly"]
    assert ("ingest_users" in night.task_ids) == has_users
    assert ("events_to_interests" in night.get_task("ingest_items").upstream_task_ids) == waits_for_events
    assert "deliver" not in night.task_ids
    if has_users:
        assert any("--accept=" in word for word in night.get_task("ingest_users").command), "as for the other doors"
        assert night.get_task("ingest_users").downstream_task_ids == {"score_users", "user_interests"}


def test_lists_are_delivered_where_they_are_to_be_and_nothing_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    (tmp_path / "my.toml").write_text(SHOP + '[catalogue]\n[deliver.shop]\nto = "sql"\nurl = "sqlite:///lists.db"\n')
    monkeypatch.setenv("LSIF_CONFIG", str(tmp_path / "my.toml"))
    deliver = DagBag(DAGS / "lsif_nightly.py").dags["lsif_nightly"].get_task("deliver")
    assert deliver.upstream_task_ids == {"publish_recommendations"} and deliver.downstream_task_ids == {"report"}
    assert deliver.command[4].endswith("jobs/deliver.py") and deliver.command[-2:] == ["--lists-of", "users"]


def test_the_way_through_airflow_says_what_is_to_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.dag_processing.dagbag import DagBag

    (tmp_path / "my.toml").write_text('[llm]\nmodel = "m"\nway = "airflow"\n')
    monkeypatch.setenv("LSIF_CONFIG", str(tmp_path / "my.toml"))
    monkeypatch.delitem(sys.modules, "lsif_batch", raising=False)
    monkeypatch.setitem(sys.modules, "airflow.providers.common.ai.batch.openai", None)
    (error,) = DagBag(DAGS / "lsif_enrichment.py").import_errors.values()
    assert '[llm] way = "airflow": pip install -r requirements-llm.lock first' in error


def test_lists_beside_items_hold_up_no_list_of_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.dag_processing.dagbag import DagBag

    text = SHOP + '[catalogue]\n[item_lists]\nsimilar_items = {}\n[deliver.pages]\nof = "similar_items"\n'
    (tmp_path / "my.toml").write_text(text)
    monkeypatch.setenv("LSIF_CONFIG", str(tmp_path / "my.toml"))
    night = DagBag(DAGS / "lsif_nightly.py").dags["lsif_nightly"]
    assert night.get_task("item_lists").upstream_task_ids == {"events_to_interests", "embed_items"}
    assert night.get_task("item_lists").downstream_task_ids == {"deliver_item_lists"}
    assert night.get_task("deliver_item_lists").downstream_task_ids == {"report"} and "deliver" not in night.task_ids
    assert night.get_task("deliver_item_lists").command[-2:] == ["--lists-of", "items"]
