"""The class archive is used only when it is whole, ours, and for this very Java and Spark."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from lsif.make_spark_archive import make
from lsif.spark_archive import archive_file, java_option


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment without an archive."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


@pytest.fixture
def file(environment: Path) -> Path:
    """Where the archive is to be; its folder is there."""
    found = archive_file()
    assert found is not None
    assert environment in found.parents
    found.parent.mkdir(mode=0o700, parents=True)
    return found


def test_none_is_used_before_one_is_made(environment: Path) -> None:
    assert java_option() == ""


def test_only_a_file_that_nobody_else_may_write_is_used(file: Path) -> None:
    file.write_bytes(b"classes")
    file.chmod(0o600)
    assert java_option().startswith(f"-XX:SharedArchiveFile={file} ")
    file.chmod(0o620)
    assert java_option() == ""
    file.chmod(0o600)
    file.parent.chmod(0o777)
    assert java_option() == ""


def test_neither_a_link_nor_a_file_of_somebody_else_is_used(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").write_bytes(b"classes")
    file.symlink_to(tmp_path / "other")
    assert java_option() == ""
    file.unlink()
    file.write_bytes(b"classes")
    file.chmod(0o600)
    monkeypatch.setattr(os, "getuid", lambda: file.stat().st_uid + 1)
    assert java_option() == ""


def test_another_java_has_another_archive(environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = archive_file()
    (tmp_path / "jdk" / "bin").mkdir(parents=True)
    (tmp_path / "jdk" / "bin" / "java").write_text("another")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    assert archive_file() != before
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert archive_file() is None


def test_two_first_makers_leave_one_whole_archive(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each writes a file of its own and moves it there in one step."""
    both, seen = Barrier(2, timeout=30), []

    def write(command: list[str], check: bool) -> Any:
        part = Path(command[-1])
        part.write_bytes(b"half ")
        both.wait()
        seen.append((part, file.exists() and file.read_bytes()))
        part.write_bytes(b"half and half")

    monkeypatch.setattr(subprocess, "run", write)
    with ThreadPoolExecutor(2) as makers:
        made = [maker.result() for maker in [makers.submit(make) for _ in range(2)]]
    assert made == [file, file]
    assert file.read_bytes() == b"half and half"
    assert len({part for part, _ in seen}) == 2
    assert {content for _, content in seen} <= {False, b"half and half"}
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert make() == file, "and the next finds it"
