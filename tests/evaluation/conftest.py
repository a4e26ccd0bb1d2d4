"""What tests of lists and of those who read them share."""

import pytest

from lsif import engine


@pytest.fixture(params=[engine.SOME, 1], ids=["whole", "some"])
def users_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody together, or one after the other: what is said of a night is the same."""
    monkeypatch.setattr(engine, "SOME", request.param)
