"""Environments of a test's own: what runs here, and what another lock names beside it."""

import subprocess
import sys
import sysconfig
from pathlib import Path

from lsif.config import project_folder


def environment(folder: Path, *requirements: str) -> Path:
    """The interpreter of a new environment in `folder`; `requirements` are pip's words, from the project's root."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    ours = sysconfig.get_path("purelib")
    theirs = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (theirs / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], cwd=project_folder(), check=True)
    return python
