"""Airflow's pages answer to their own names and are framed by their own pages: the plugin, given to a page of ours."""

import runpy

import pytest
import yaml
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from lsif.config import project_folder

ROOT = project_folder()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
GIVEN = COMPOSE["services"]["airflow-api-server"]["environment"]


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Starlette:
    """With the names of docker-compose.yaml, and one of a proxy's; tests/long/test_sign_in.py asks Airflow."""
    hosts = GIVEN["LSIF_AIRFLOW_HOSTS"].replace("${LSIF_AIRFLOW_HOSTS:-}", "lists.shop.example")
    monkeypatch.setenv("LSIF_AIRFLOW_HOSTS", hosts)
    folder = ROOT / GIVEN["AIRFLOW__CORE__PLUGINS_FOLDER"].removeprefix("/opt/lsif/")
    (plugin,) = folder.glob("*.py")
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("a page"))])
    for one in runpy.run_path(str(plugin))["Outward"].fastapi_root_middlewares:
        app.add_middleware(one["middleware"], *one["args"], **one["kwargs"])
    return app


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("airflow-api-server:8080", 200),
        ("127.0.0.1", 200),
        ("lists.shop.example", 200),
        ("evil.example", 400),
    ],
)
def test_a_page_says_who_may_frame_it_whatever_name_it_is_asked_by(pages: Starlette, host: str, code: int) -> None:
    answer = TestClient(pages, base_url=f"http://{host}").get("/")
    assert answer.status_code == code
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["x-content-type-options"] == "nosniff"
