"""Lists do not tell who was erased; the same attack tells who was learned by heart."""

import pytest

from benchmarks.membership import measure, replace_width
from lsif.config import Settings

pytestmark = pytest.mark.long


def test_erased_users_cannot_be_told_from_users_who_were_never_seen(settings: Settings) -> None:
    found = measure(500, 60, replace_width(settings))
    assert found.overfitted > 0.7, "else the attack has no power"
    assert abs(found.after - 0.5) <= 0.05
