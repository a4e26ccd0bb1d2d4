"""What is installed: nothing that is not written down, by its hash, and nothing with a hole that is known."""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from lsif.config import project_folder

ROOT = project_folder()
PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.M)

FLOORS = {
    "aiohttp": "3.12.14",  # CVE-2025-53643: smuggled requests by trailers
    "apache-airflow": "3.1.0",  # CVE-2025-54831: secrets of connections shown to readers
    "cryptography": "44.0.1",  # CVE-2024-12797: raw public keys of servers
    "h11": "0.16.0",  # CVE-2025-43859: smuggled requests by chunks
    "jinja2": "3.1.6",  # CVE-2025-27516: out of the sandbox by |attr
    "mlflow": "3.5.0",  # CVE-2025-14279: no allowed hosts, so that a page may rebind its name
    "pyarrow": "14.0.1",  # CVE-2023-47248: code in files that are read
    "requests": "2.32.4",  # CVE-2024-47081: passwords of .netrc to other hosts
    "setuptools": "78.1.1",  # CVE-2025-47273: files outside of their folder
    "starlette": "0.49.1",  # CVE-2025-62727: minutes of a processor by a Range header
    "torch": "2.6.0",  # CVE-2025-32434: code in weights, even by weights_only
    "urllib3": "2.6.0",  # CVE-2025-66418: memory without end by compressed answers
    "werkzeug": "3.0.6",  # CVE-2024-49767: memory without end by forms
}
"""The first release without a hole that would matter here."""


FAB = "docker/requirements-fab.lock"
FAB_FLOORS = {
    "apache-airflow-providers-fab": "1.5.2",  # CVE-2024-45033: sessions that outlive a changed password
    "flask-appbuilder": "4.8.1",  # CVE-2025-58065: passwords that are set where another sign-in rules
}


def pins(file: str) -> dict[str, str]:
    return {canonicalize_name(name): found for name, found in PINNED.findall((ROOT / file).read_text())}


def test_every_file_is_known_by_its_hash() -> None:
    assert pins("requirements.hashes") == pins("requirements.lock")
    assert pins(FAB) == pins("docker/requirements-fab.in")
    for file in ("requirements.hashes", "requirements-cuda.hashes", FAB):
        entries = re.split(r"^(?=[\w.-]+==)", (ROOT / file).read_text(), flags=re.M)[1:]
        assert len(entries) == len(pins(file))
        assert [entry for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)] == []


def test_the_lock_pins_what_is_asked_for_and_what_runs_here() -> None:
    lock = pins("requirements.lock")
    asked = re.findall(r"^([\w.-]+)(?:\[\w+\])?(?:==\S+)?$", (ROOT / "requirements.in").read_text(), re.M)
    assert {canonicalize_name(name) for name in asked} <= lock.keys()
    for name in ("apache-airflow", "cryptography", "mlflow", "requests", "torch", "urllib3"):
        assert version(name).partition("+")[0] == lock[name]


def test_no_pin_is_below_a_hole_that_is_known() -> None:
    lock = pins("requirements.lock")
    assert [name for name, floor in FLOORS.items() if Version(lock[name]) < Version(floor)] == []


def test_the_sign_in_of_compose_fits_what_is_beside_it() -> None:
    """Installed last and without a look at what it needs: no pin may be another, and none may be missing."""
    lock, added = pins("requirements.lock"), pins(FAB)
    assert {name: found for name, found in added.items() if lock.get(name, found) != found} == {}
    assert {name for name in FAB_FLOORS if Version(added[name]) < Version(FAB_FLOORS[name])} == set()


@pytest.mark.long
def test_a_bill_of_materials_names_all_of_it(tmp_path: Path) -> None:
    words = ["environment", "--of", "JSON", "--output-file", str(tmp_path / "sbom.json"), sys.executable]
    subprocess.run([Path(sys.executable).parent / "cyclonedx-py", *words], check=True)
    made = json.loads((tmp_path / "sbom.json").read_text())
    named = {canonicalize_name(part["name"]) for part in made["components"]}
    assert made["bomFormat"] == "CycloneDX" and pins("requirements.lock").keys() <= named
