"""A thin client of Airflow's REST API: trigger, watch, backfill. Errors say what to do next."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
    wait_fixed,
)

from lsif.errors import LsifError, OutageError

Json = dict[str, Any]
Watch = Callable[[Json, list[Json]], None]
"""Called with a run and its task instances, whenever a state has changed."""
POLL_SECONDS = 1.0
READING_TRIES = 5
NEW_DAG_SECONDS = 90.0
AWAY_SECONDS = 300.0
CLOSING_SECONDS = 60.0
"""Airflow closes a backfill up to half a minute after its last run has ended."""
FINISHED = ("success", "failed")


class Airflow:
    """A signed-in client.

    Args:
        url: base address of the api-server, for example `http://127.0.0.1:8080`.
        user: user name.
        password: its password.
        token: what a sign-in would give, in the place of both.

    Raises:
        OutageError: nobody answers at `url`.
        LsifError: it does not accept the password.
    """

    def __init__(self, url: str, user: str = "", password: str = "", token: str = "") -> None:
        here = urlsplit(url).hostname in ("127.0.0.1", "localhost")
        # Proxies and certificates of the environment are for what lies elsewhere.
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=not here)
        token = token or self._ask("POST", "/auth/token", {"username": user, "password": password})["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def trigger(self, dag_id: str, ds: str | None = None, conf: Json | None = None) -> Json:
        """Start a run of `dag_id`, with `ds` as its partition key when given. Returns the run."""
        self.wait_for_dag(dag_id)
        body = {"logical_date": None, "partition_key": ds, "conf": conf or {}}
        return self._ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)

    def wait_for_run(self, run: Json, watch: Watch | None = None, seconds: float = 6 * 3600) -> Json:
        """Wait until `run` has ended, well or not. Returns it as it is then.

        Raises:
            LsifError: it has not ended within `seconds`; it goes on.
            OutageError: Airflow has not answered for five minutes, in which it is asked again; the run goes on.
        """
        deadline, seen = time.monotonic() + seconds, None
        patiently = Retrying(
            retry=retry_if_exception_type(OutageError),
            stop=stop_after_delay(AWAY_SECONDS),
            wait=wait_fixed(POLL_SECONDS),
            reraise=True,
        )
        while True:
            run = patiently(self.run, run["dag_id"], run["dag_run_id"])
            tasks = patiently(self.tasks, run)
            states = (run["state"], [(task["task_id"], task["state"], task["try_number"]) for task in tasks])
            if watch and states != seen:
                watch(run, tasks)
            seen = states
            if run["state"] in FINISHED:
                return run
            if time.monotonic() > deadline:
                raise LsifError(
                    f"{run['dag_run_id']} still {run['state']} after {seconds:.0f} s: look at it in Airflow"
                )
            time.sleep(POLL_SECONDS)

    def run(self, dag_id: str, run_id: str) -> Json:
        return self._ask("GET", _run_path(dag_id, run_id))

    def runs(self, dag_id: str, **filters: Any) -> list[Json]:
        """Runs of `dag_id`, the newest made first; `filters` are the API's query parameters."""
        answer = self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns", params={"order_by": "-id", "limit": 100, **filters})
        return list(answer["dag_runs"])

    def tasks(self, run: Json) -> list[Json]:
        """Task instances of `run`, in the order they started; those that have not come last."""
        found = self._ask("GET", f"{_run_path(run['dag_id'], run['dag_run_id'])}/taskInstances", params={"limit": 100})
        return sorted(found["task_instances"], key=lambda task: (task["start_date"] or "9", task["task_id"]))

    def log(self, task: Json) -> str:
        """The log of a task instance's latest try, as text."""
        path = f"{_run_path(task['dag_id'], task['dag_run_id'])}/taskInstances/{task['task_id']}/logs"
        content = self._ask("GET", f"{path}/{task['try_number']}", params={"full_content": True})["content"]
        return "\n".join(text for line in content for text in _log_texts(line))

    def backfill(self, dag_id: str, first: str, last: str, conf: Json | None = None) -> Json:
        """Run `dag_id` for every day from `first` to `last`, oldest first, one at a time. Returns the backfill.

        Days that have run before run again, as new runs: their steps are no-ops when nothing has changed.
        """
        self.wait_for_dag(dag_id)
        body = {
            "dag_id": dag_id,
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T00:00:00Z",
            "max_active_runs": 1,
            "reprocess_behavior": "completed",
            "dag_run_conf": conf or {},
        }
        deadline = time.monotonic() + CLOSING_SECONDS
        while self._has_open_backfill(dag_id):
            if time.monotonic() > deadline:
                raise LsifError(f"a backfill of {dag_id} is still running: wait for it, or cancel it in Airflow")
            time.sleep(POLL_SECONDS)
        return self._ask("POST", "/api/v2/backfills", body)

    def _has_open_backfill(self, dag_id: str) -> bool:
        known = self._ask("GET", "/api/v2/backfills", params={"dag_id": dag_id, "limit": 100})["backfills"]
        return any(backfill["completed_at"] is None for backfill in known)

    def wait_for_backfill(self, backfill: Json, watch: Watch | None = None) -> list[Json]:
        """Wait for each run of `backfill` in turn. Returns its runs, ascending by day."""
        return [self.wait_for_run(run, watch) for run in self.backfill_runs(backfill)]

    def backfill_runs(self, backfill: Json) -> list[Json]:
        """The runs that `backfill` made, ascending by day."""
        made = self.runs(
            backfill["dag_id"],
            run_type="backfill",
            partition_date_gte=backfill["from_date"],
            partition_date_lte=backfill["to_date"],
        )
        since = datetime.fromisoformat(backfill["created_at"])
        newest = {
            run["partition_key"]: run for run in reversed(made) if datetime.fromisoformat(run["queued_at"]) >= since
        }
        return [newest[day] for day in sorted(newest)]

    def page(self, run: Json) -> str:
        """Address of `run` in the web page."""
        return f"{self._http.base_url}/dags/{run['dag_id']}/runs/{quote(run['dag_run_id'], safe='')}"

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        """Create the pool unless it exists; one that a person has resized is left as it is."""
        if self._http.get(f"/api/v2/pools/{name}").status_code == httpx.codes.NOT_FOUND:
            body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
            self._ask("POST", "/api/v2/pools", body)

    def wait_for_dag(self, dag_id: str) -> None:
        """Wait until Airflow has read `dag_id`'s file, which takes some seconds after a start.

        Raises:
            LsifError: it is not there after 90 s; holds what Airflow could not import.
        """
        deadline = time.monotonic() + NEW_DAG_SECONDS
        while self._http.get(f"/api/v2/dags/{dag_id}").status_code == httpx.codes.NOT_FOUND:
            if time.monotonic() > deadline:
                raise LsifError(f"Airflow has no DAG {dag_id}{''.join(self._import_errors())}")
            time.sleep(POLL_SECONDS)

    def _import_errors(self) -> Iterator[str]:
        for error in self._ask("GET", "/api/v2/importErrors")["import_errors"]:
            yield f"\n{error['filename']}: {error['stack_trace']}"

    def _ask(self, method: str, path: str, body: Json | None = None, params: Json | None = None) -> Json:
        # Reading is repeated: a busy Airflow may fail to read its database once and be well the next moment.
        tries = Retrying(
            stop=stop_after_attempt(READING_TRIES if method == "GET" else 1),
            wait=wait_exponential(multiplier=0.2),
            retry=retry_if_result(lambda answer: answer.is_server_error),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        try:
            answer = tries(self._http.request, method, path, json=body, params=params)
        except httpx.TransportError as error:
            raise OutageError(
                f"Airflow does not answer at {self._http.base_url} ({error}): run `lsif up`, or see LSIF_AIRFLOW_URL"
            ) from error
        if answer.is_error:
            kind = OutageError if answer.is_server_error else LsifError
            raise kind(f"Airflow refused {method} {path}: {_reason(answer)}")
        return dict(answer.json())


def _log_texts(line: Json | str) -> Iterator[str]:
    """The message of a log line, and the exceptions that came with it."""
    if isinstance(line, str):
        yield line
        return
    yield str(line["event"])
    for error in line.get("error_detail") or ():
        yield f"{error['exc_type']}: {error['exc_value']}"


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"


def _reason(answer: httpx.Response) -> str:
    try:
        said = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        said = answer.text[:300]
    if answer.status_code == httpx.codes.UNAUTHORIZED or "JWT" in said:  # Airflow forbids a token that is none
        return (
            "the password or token is not accepted (`lsif status` says where this machine's is kept, "
            "LSIF_AIRFLOW_LOGIN_FILE or LSIF_AIRFLOW_TOKEN_FILE names another's)"
        )
    if answer.status_code == httpx.codes.FORBIDDEN:
        return (
            "the user's role may not do this there (LSIF_AIRFLOW_LOGIN_FILE or LSIF_AIRFLOW_TOKEN_FILE names the user)"
        )
    return f"{answer.status_code} {said}"
