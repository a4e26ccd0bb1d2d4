"""What the documentation promises of itself: an index that is whole, links that lead somewhere."""

import re
from pathlib import Path

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
