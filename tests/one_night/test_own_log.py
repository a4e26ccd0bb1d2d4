"""The page about one's own log, followed on a log that is made here: its commands, as they stand there."""

import re
from pathlib import Path

import pytest

from lsif.config import project_folder
from tests.one_night.test_readme import typed

pytestmark = [pytest.mark.timeout(1200), pytest.mark.long]
PAGE = (project_folder() / "docs" / "own-log.md").read_text()


def test_from_a_strange_csv_to_the_first_list(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (header,) = re.findall(r"^Kunde;.*$", PAGE, re.MULTILINE)
    rows = [
        f"K{n % 20};Käse {n % 7};{n % 28 + 1:02d}.03.2024 {n % 24:02d}:00;{n % 5},50;{('view', 'kauf')[n % 2]}"
        for n in range(400)
    ]
    (tmp_path / "shop" / "shop.csv").write_bytes("\r\n".join([header, *rows]).encode("cp1252"))
    (tmp_path / "jobs").symlink_to(project_folder() / "jobs")
    blocks = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    commands = re.sub(r"^(python|lsif) ", r".venv/bin/\1 ", "".join(blocks), flags=re.MULTILINE)
    said = typed(commands, tmp_path, MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path}/mlflow.db", COLUMNS="200")
    assert "event_time = Zeit" in said and "2024-03-01T00:00:00Z" in said
    assert "rows: 400 looked at: 400 in, 0 duplicates, 0 rejected" in said
    assert "import_past ds=2024-03-28: 400 rows in, 400 out" in said
    assert re.search(r"user K17, ds=2024-03-28", said) and "Käse" in said
