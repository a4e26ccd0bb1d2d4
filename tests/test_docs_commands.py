"""Every command of the pages: held against the programs that they call. README's are run by tests/one_night."""

import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from lsif.cli import app
from tests.test_compose import SERVICES

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README = ROOT / "README.md"
IN_CONTAINER = ("docker", "compose", "exec")
PROGRAMS = {"make", "docker", "docker/make-secrets.sh", "python", "lsif", "airflow", "mlflow", "export", "tar"}
CODE = "".join(file.read_text() for file in (ROOT / "lsif").rglob("*.py"))
CONNECTIONS = re.findall(r'_conn_id="(\w+)"', "".join(file.read_text() for file in (ROOT / "dags").glob("*.py")))
OF_OTHERS = tuple(f"AIRFLOW_CONN_{name.upper()}" for name in CONNECTIONS)
"""Variables that Airflow reads for our DAGs."""
TRY = (ROOT / "docker/try.sh").read_text()


def commands(page: Path) -> Iterator[list[str]]:
    """Words of each command in blocks of no language or of bash, parts of a pipe apart; other text has no program."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    for block in (text for language, text in blocks if language in ("", "bash")):
        for line in block.splitlines():
            words = line.split(" #")[0].split()
            if words and words[0] in PROGRAMS:
                text = line if line.count('"') % 2 == 0 else line.replace('"', "")
                yield from (shlex.split(part, comments=True) for part in text.split(" | "))


def inner(words: list[str]) -> list[str]:
    """What a container runs, where the command goes into one."""
    if tuple(words[:3]) != IN_CONTAINER:
        return words
    service, *rest = [word for word in words[3:] if word != "--no-TTY"]
    assert service in SERVICES
    return rest[1:] if rest[0] == "docker/entrypoint.sh" else rest


def check(words: list[str]) -> None:
    program, *rest = inner(words)
    if program == "make":
        assert re.search(rf"^{rest[0]}:", (ROOT / "Makefile").read_text(), re.M)
    elif program == "lsif":
        parsed(typer.main.get_command(app), rest)
    elif program == "mlflow":
        from mlflow.cli import cli

        parsed(cli, rest)
    elif program == "python":
        file = rest[0].replace(".", "/") if rest[0] != "-m" else rest[1].replace(".", "/")
        source = (ROOT / file.replace("/py", ".py")).read_text() + (ROOT / "lsif/job.py").read_text()
        assert [word for word in rest if word.startswith("--") and word not in ("--help",) and word not in source] == []
    elif program == "export":
        names = [word.partition("=")[0] for word in rest]
        assert all(name in CODE or name.startswith("AWS_") or name in OF_OTHERS for name in names), names
    elif program == "docker":
        assert rest[0] == "compose" and f"docker compose {rest[1]}" in TRY + "docker compose up"
    else:
        assert program in {"airflow", "tar", "docker/make-secrets.sh"}


def parsed(command: Any, words: list[str]) -> None:
    """As typed, but not run."""
    while words and hasattr(command, "commands"):  # typer has a click of its own
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, list(words))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_such_as_their_programs_take(page: Path) -> None:
    for words in commands(page):
        check(words)


def named(page: Path) -> Iterator[list[str]]:
    """Words of the commands that stand in a sentence, some with … or D in the place of a value."""
    for text in re.findall(r"`((?:lsif|make|python) [^`]+)`", page.read_text()):
        yield shlex.split(text.split(" > ")[0])


def check_named(words: list[str]) -> None:
    """Whether the program has such a command with such options."""
    program, *rest = words
    if program == "lsif":
        command: Any = typer.main.get_command(app)
        while hasattr(command, "commands"):
            command, rest = command.commands[rest[0]], rest[1:]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, words
    elif program == "make":
        makefile = (ROOT / "Makefile").read_text()
        assert re.search(rf"^{rest[0]}:", makefile, re.M), words
        assert [word for word in rest[1:] if f"$({word.partition('=')[0]})" not in makefile] == [], words
    else:
        file = rest[1].replace(".", "/") if rest[0] == "-m" else rest[0].removesuffix(".py")
        assert (ROOT / f"{file}.py").exists() or (ROOT / file / "__main__.py").exists(), words


@pytest.mark.parametrize("page", [*PAGES, README], ids=lambda page: page.name)
def test_commands_in_a_sentence_are_such_as_their_programs_have(page: Path) -> None:
    for words in named(page):
        check_named(words)


def test_the_commands_are_found() -> None:
    found = [inner(words)[0] for page in PAGES for words in commands(page)]
    assert set(found) == PROGRAMS and len(found) >= 30
    assert len([words for page in [*PAGES, README] for words in named(page)]) >= 25


def test_what_is_typed_under_compose_is_what_try_types() -> None:
    """So that it has been run, and not only parsed."""
    page = ROOT / "docs/compose.md"
    typed = {" ".join(inner(words)[:2]) for words in commands(page) if inner(words) != words}
    assert {one for one in typed if one not in TRY} == set()
    assert len(typed) > 7


def test_settings_for_kubernetes_are_airflow_s_and_ours() -> None:
    (values,) = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/kubernetes.md").read_text(), re.DOTALL | re.MULTILINE)
    chart = yaml.safe_load(values)
    spec = find_spec("airflow")
    assert spec and spec.origin
    known = yaml.safe_load((Path(spec.origin).parent / "config_templates/config.yml").read_text())
    for section, options in chart["config"].items():
        assert set(options) <= set(known[section]["options"])
    given = {one["name"] for one in chart["env"]}
    assert {
        name
        for name in given
        if name
        not in CODE
        + (ROOT / "dags/lsif_configured.py").read_text()
        + (ROOT / "dags/lsif_tasks.py").read_text()
        + (ROOT / "dags/lsif_days.py").read_text()
    } == set()
