"""Jobs run as they are, in this process."""

import runpy
import sys
from pathlib import Path

import pytest

JOBS = Path(__file__).resolve().parents[1] / "jobs"


def run_job(
    patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str] | None, step: str, *arguments: str, code: int = 0
) -> str:
    """Run `jobs/<step>.py` and give what it printed; its exit code must be `code`."""
    script = str(JOBS / f"{step}.py")
    patch.setattr(sys, "argv", [script, *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(script, run_name="__main__")
    said = "".join(capture.readouterr()) if capture else ""
    assert ended.value.code == code, said
    return said
