"""The rules of the house that a reader would otherwise have to believe."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("lsif", "jobs", "dags")
SOURCES = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
WALL_CLOCK = re.compile(
    r"\b(?:datetime\.now|datetime\.utcnow|date\.today|time\.time|Timestamp\.now|current_timestamp)\("
)


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def imports(file: Path) -> Iterator[str]:
    """Top-level packages a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def importers(package: str) -> set[str]:
    return {name(file) for file in SOURCES if package in set(imports(file))}


def within(files: set[str], *places: str) -> bool:
    return all(file.startswith(places) for file in files)


def test_there_is_something_to_look_at() -> None:
    assert {file.relative_to(ROOT).parts[0] for file in SOURCES} == set(FOLDERS)


@pytest.mark.parametrize(
    ("package", "places"),
    [
        ("deltalake", ("lsif/tables/",)),
        ("mlflow", ("lsif/registry",)),
        (
            "pyspark",
            (
                "lsif/spark.py",
                "lsif/spark_archive.py",
                "lsif/make_spark_archive.py",
                "lsif/spark_training.py",
                "lsif/intake/",
                "lsif/interests/",
                "lsif/ranking/by_executors.py",
                "lsif/tables/",
            ),
        ),
        ("torch", ("lsif/model/", "lsif/learning/", "lsif/ranking/", "lsif/registry")),
        ("airflow", ("dags/",)),
        ("sqlalchemy", ("lsif/delivery/", "lsif/registry/connection.py")),
        ("valkey", ("lsif/delivery/",)),
        ("cryptography", ("lsif/privacy/",)),
    ],
)
def test_a_library_is_imported_in_its_own_place_only(package: str, places: tuple[str, ...]) -> None:
    found = importers(package)
    assert found
    assert within(found, *places), sorted(found)


def test_dags_import_airflow_and_the_standard_library_only() -> None:
    import sys

    known = {"airflow", *sys.stdlib_module_names, *(file.stem for file in (ROOT / "dags").glob("*.py"))}
    asked_for = {"lsif_batch.py": {"openai"}}  # requirements-llm.lock
    for file in (ROOT / "dags").glob("*.py"):
        assert set(imports(file)) <= known | asked_for.get(file.name, set()), name(file)


def test_the_library_never_imports_jobs_or_dags() -> None:
    assert not importers("jobs") | importers("dags")


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_no_logic_reads_the_wall_clock(file: Path) -> None:
    found = WALL_CLOCK.findall(file.read_text())
    assert not found, f"{name(file)}: a day is an argument, durations are perf_counter's: {found}"


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_a_file_holds_one_idea(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= (300 if file.is_relative_to(ROOT / "lsif") else 120)


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_a_function_fits_the_eye(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 45, f"{name(file)}:{node.lineno} {node.name} has {length} lines"
