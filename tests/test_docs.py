"""What the documentation promises of itself: an index that is whole, links that lead somewhere."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lsif.bounds import FairnessBounds
from lsif.checks.acceptance import BOUNDS
from lsif.config import Interests, Training
from lsif.errors import LsifError, OutageError, Superseded
from lsif.evaluation.experiment_night import CHECKS
from lsif.evaluation.fairness import HELD
from lsif.ranking.checks import FAIL, WARN
from lsif.ranking.rows import NO_MODEL
from lsif.registry.ladder import Chosen

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs/decisions"


def test_decisions_are_dated_ascend_and_stand_in_the_index() -> None:
    topics = {file.name for file in DECISIONS.glob("*.md")} - {"README.md"}
    assert set(re.findall(r"^\| \[\w+\]\((\w+\.md)\) \|", (DECISIONS / "README.md").read_text(), re.M)) == topics
    for name in topics:
        titles = re.findall(r"^## (.*)$", (DECISIONS / name).read_text(), re.M)
        dates = [re.fullmatch(r"(\d{4}-\d\d-\d\d) · .*[^.]", title) for title in titles]
        assert titles and all(dates), name
        found = [date[1] for date in dates if date]
        assert found == sorted(found), name


# --- the runbook ------------------------------------------------------------------------------------------------------

TOLD = {"LsifError", "OutageError", "Superseded", "OtherRelease", "AirflowFailException", "explained", "kind"}
PREFLIGHT = "lsif/preflight.py"
TOLD_OF_SETTINGS = (
    "lsif/config.py",
    "lsif/sources.py",
    "lsif/destinations.py",
    "lsif/ranked_list.py",
    "lsif/list_rules.py",
    "lsif/outcomes.py",
    "lsif/experiment.py",
    "lsif/fairness.py",
    "lsif/differential.py",
    "lsif/retention.py",
    "lsif/bounds.py",
    "lsif/intake/",
)
"""Where a ValueError becomes a line on the settings or on a file."""
RUNBOOK = (ROOT / "docs/runbook.md").read_text()


def shape(node: ast.expr) -> str:
    """A message with … for what is only known when it is raised."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(shape(part) for part in parts)
        case ast.BinOp(left=left, right=right):
            return shape(left) + shape(right)
        case _:
            return "…"


def messages() -> Iterator[str]:
    """Each that is made for a person, or that such an error's class makes; those of placeholders alone left out."""
    for file in (file for folder in ("lsif", "jobs", "dags") for file in (ROOT / folder).rglob("*.py")):
        place = str(file.relative_to(ROOT))
        told = TOLD | {"ValueError"} if place.startswith(TOLD_OF_SETTINGS) else TOLD
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in told:
                    found = shape(first)
                case ast.Return(value=ast.JoinedStr() | ast.Constant(value=str()) as line) if place == PREFLIGHT:
                    found = shape(line)
                case ast.Call(func=ast.Attribute(attr="__init__", value=ast.Call()), args=[first]):
                    found = shape(first)
                case _:
                    continue
            if len(re.findall(r"[a-z]", found)) >= 6:
                yield found.replace("`", "")


def verdicts() -> set[str]:
    """What a check says of a day or of its list, by name; and of a model that stood in."""
    audit = [f"fail {name}" for name in FAIL] + [f"warn {name}" for name in WARN]
    audit += [f"{level} {name}" for name in HELD for level in ("fail", "warn")] + ["warn worst_group"]
    others = set(BOUNDS) - FairnessBounds.model_fields.keys()
    return {*audit, *others, "missing_champion", *Chosen(NO_MODEL, None).remarks(), "champion_copy", *CHECKS}


def words_of_scripts() -> set[str]:
    scripts = "".join(file.read_text() for file in (ROOT / "docker").glob("*.sh"))
    return {re.sub(r"\$\w+", "…", words) for words in re.findall(r'echo "([^"]+)" >&2', scripts)}


def told_of(message: str, phrase: str) -> bool:
    return re.search(".*".join(re.escape(part) for part in phrase.split("…")), message, re.DOTALL) is not None


def test_each_message_that_a_person_can_meet_has_its_line_and_no_line_is_of_another_time() -> None:
    cells = re.findall(r"^\| (`.*?) \| ", RUNBOOK, re.M)
    phrases = [phrase for cell in cells for phrase in re.findall(r"`(.+?)`(?:<br>|$)", cell)]
    said = set(messages()) | verdicts() | words_of_scripts()
    assert len(said) > 170 and len(phrases) > 150
    assert [message for message in sorted(said) if not any(told_of(message, phrase) for phrase in phrases)] == []
    ours = {"no answer from a service"}  # outages.ended_with makes it
    assert [one for one in phrases if one not in ours and not any(told_of(message, one) for message in said)] == []


def test_exit_codes_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| (.+?) \|", RUNBOOK, re.M))
    assert "bad input" in rows[str(LsifError.exit_code)]
    assert "did not answer" in rows[str(OutageError.exit_code)]
    assert "another writer" in rows[str(Superseded.exit_code)]


# --- the plan of the house --------------------------------------------------------------------------------------------

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    linked = [target for target in re.findall(r"\]\(([^)#]+)", page.read_text()) if "://" not in target]
    assert [target for target in linked if not (page.parent / target).exists()] == []


def test_every_page_is_in_the_index() -> None:
    linked = set(re.findall(r"\]\(([\w/-]+\.md)\)", (ROOT / "docs/index.md").read_text()))
    assert {file.name for file in (ROOT / "docs").glob("*.md")} - {"index.md"} == linked - {"decisions/README.md"}


def test_the_plan_names_every_folder_and_only_files_that_are_there() -> None:
    folders = {f"lsif/{file.parent.name}/" for file in (ROOT / "lsif").glob("*/__init__.py")} | {"dags/", "jobs/"}
    assert folders - {"lsif/demo/"} == set(re.findall(r"^\| `(\S+/)` \|", ARCHITECTURE, re.M))
    named = re.findall(r"`((?:lsif|jobs|dags|tests|docs|docker)/[\w/.-]*)`", ARCHITECTURE + RUNBOOK)
    assert len(named) > 25 and [path for path in named if not (ROOT / path).exists()] == []


def test_the_defaults_of_long_and_short_are_those_of_the_code() -> None:
    told = re.findall(r"^\| `(training|interests)\.(\w+)` \| (.*?) \|", (ROOT / "docs/own-log.md").read_text(), re.M)
    assert {"horizon_days", "recent_days", "half_lives_days"} < {name for _, name, _ in told}
    for section, name, default in told:
        said = {"training": Training(), "interests": Interests()}[section].model_dump()[name]
        if said is None:  # told in words
            continue
        assert default == (", ".join(f"{one:g}" for one in said) if isinstance(said, tuple) else str(said)), name


# --- what a stranger looks for ----------------------------------------------------------------------------------------

FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))


@pytest.mark.parametrize(
    ("schema_name", "files"),
    [
        ("github-workflows", [ROOT / ".github/workflows/check.yml"]),
        ("github-issue-config", [file for file in FORMS if file.name == "config.yml"]),
        ("github-issue-forms", [file for file in FORMS if file.name != "config.yml"]),
        ("citation-file-format", [ROOT / "CITATION.cff"]),
    ],
)
def test_the_forge_takes_its_files(schema_name: str, files: list[Path]) -> None:
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema_name}", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_licence_version_and_check_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text() and project["license"] == "Apache-2.0"
    assert f"## {project['version']} " in (ROOT / "CHANGELOG.md").read_text()
    workflow = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text())
    assert workflow["jobs"]["check"]["steps"][-1] == {"run": ".ci/run"}
