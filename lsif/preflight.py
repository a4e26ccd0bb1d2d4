"""Looks, before anything is installed, whether this machine will do: `python3 lsif/preflight.py`.

Runs under any Python 3 with the standard library alone. Everything that is missing is listed at once, each in a line
that says what to install or set; exit code 2 then, 0 otherwise.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

GB = 10**9
DISK_GB, DISK_INSTALLED_GB, MEMORY_GB = 8, 3, 6
JAVA_VERSIONS = (17, 21)
PROJECT = Path(__file__).resolve().parent.parent


def python_problem(python: str | None = None) -> str | None:
    """Whether a Python 3.11 that can make environments is there: `python`, PYTHON, the one running, or python3.11."""
    running = sys.executable if sys.version_info[:2] == (3, 11) else "python3.11"
    candidate = python or os.environ.get("PYTHON") or running
    answer = _output([candidate, "-c", "import ensurepip, venv, sys; print(sys.version_info[:2] == (3, 11))"])
    if "True" in answer:
        return None
    return (
        f"no Python 3.11 with venv ({candidate}): install python3.11 and python3.11-venv, "
        "or set PYTHON=/path/to/python3.11"
    )


def java_version() -> int | None:
    """Major version of the Java that Spark would use (JAVA_HOME, else PATH); None when there is none."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    found = re.search(r'version "(\d+)', _output([java, "-version"]))
    return int(found.group(1)) if found else None


def java_problem() -> str | None:
    version = java_version()
    if version in JAVA_VERSIONS:
        return None
    found = "no Java" if version is None else f"Java {version}"
    return f"{found} found, Spark needs 17 or 21: install openjdk-17-jre-headless, or set JAVA_HOME"


def tools_problem() -> str | None:
    """Linux and `setpriv`, with which a job dies when its task does; and what PostgreSQL needs under root."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} is not supported: LSIF runs on Linux (or see docker-compose.yaml)"
    if "--pdeathsig" not in _output(["setpriv", "--help"]):
        return "no setpriv with --pdeathsig found: install util-linux"
    if os.geteuid() == 0 and not shutil.which("useradd"):
        return "PostgreSQL does not run as root, and there is no useradd to make it a user: install passwd"
    return None


def disk_problem(home: Path) -> str | None:
    """Room for the environment (when it is not installed yet) and for the data."""
    wanted = DISK_INSTALLED_GB if (PROJECT / ".venv").exists() else DISK_GB
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free / GB
    if free >= wanted:
        return None
    return f"{free:.1f} GB free at {place}, {wanted} GB are needed: free some, or set LSIF_HOME to another disk"


def memory_gb() -> float:
    """Memory this process may use: the machine's, or less where a container's limit says so."""
    total = int(re.findall(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())[0]) * 1024
    limits = [total]
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        if Path(file).exists() and (text := Path(file).read_text().strip()).isdigit():
            limits.append(int(text))
    return min(limits) / GB


def memory_problem() -> str | None:
    if memory_gb() >= MEMORY_GB:
        return None
    return f"{memory_gb():.1f} GB of memory, {MEMORY_GB} GB are needed: use a larger machine or container"


def port_problem(variable: str, home: Path) -> str | None:
    """A port that was asked for must be free, or be ours already; a default that is taken is no problem."""
    asked = os.environ.get(variable)
    if not asked or (home / "run" / "endpoints.json").exists():
        return None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(asked)))
        except (OSError, ValueError, OverflowError):
            return f"{variable}={asked} is taken or no port: choose another, or unset it"
    return None


def home_problem(home: Path) -> str | None:
    if any(letter.isspace() for letter in str(home)):
        return f"the path {str(home)!r} holds a space, which PostgreSQL cannot take: set LSIF_HOME to one without"
    return None


def problems() -> list[str]:
    """Everything that stands in the way, a line each; empty when the machine will do."""
    home = Path(os.environ.get("LSIF_HOME") or PROJECT / ".lsif").expanduser().absolute()
    found = [
        python_problem(),
        java_problem(),
        tools_problem(),
        home_problem(home),
        disk_problem(home),
        memory_problem(),
        port_problem("LSIF_AIRFLOW_PORT", home),
        port_problem("LSIF_MLFLOW_PORT", home),
    ]
    return [problem for problem in found if problem]


def _output(command: list[str]) -> str:
    """What `command` prints on both streams; empty when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def main() -> int:
    found = problems()
    for problem in found:
        print(f"missing: {problem}", file=sys.stderr)
    if not found:
        print(f"Python 3.11, Java {java_version()}, disk and {memory_gb():.0f} GB of memory: this machine will do")
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main())
