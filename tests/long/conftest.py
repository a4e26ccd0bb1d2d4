"""Secrets of docker-compose.yaml, for whoever starts a part of it here."""

import json
import subprocess
from pathlib import Path

import pytest

from lsif.config import project_folder


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    subprocess.run([project_folder() / "docker/make-secrets.sh", folder], check=True, capture_output=True)
    return folder


def password(secrets: Path, service: str, account: str) -> str:
    found: str = json.loads((secrets / f"{service}_{account}").read_text())[account]
    return found
