"""With what something was measured."""

import os
import platform
import subprocess
from typing import Any

from lsif.config import project_folder


def about() -> dict[str, Any]:
    """Commit, version of Python, number of cores."""
    head = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(head, cwd=project_folder(), capture_output=True, text=True, check=False).stdout.strip()
    return {"commit": commit, "python": platform.python_version(), "cores": os.cpu_count()}
