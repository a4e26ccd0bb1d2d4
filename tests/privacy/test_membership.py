"""Lists do not tell who was erased; the same attack tells who was learned by heart."""

import pytest

from benchmarks.membership import measure, replace_width
from lsif.config import Settings

pytestmark = pytest.mark.long


def test_erased_users_cannot_be_told_from_users_who_were_never_seen(settings: Settings) -> None:
    found = measure(500, 20, replace_width(settings))
    assert found.overfitted.low > 0.8, "else the attack has no power"
    assert found.after.value <= 0.55 and found.after.low < 0.5
