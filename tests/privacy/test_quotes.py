"""Which rejected rows are of a user, where rows are kept as they were delivered."""

import pytest

from lsif.privacy.export import quotes


@pytest.mark.parametrize(
    ("raw", "is_theirs"),
    [
        ('{"user":"385","item":"7"}', True),
        ('{"user":385}', True),
        ('{"user":{"id":"385"}}', True),
        ('{"rows":[{"who":"385"}]}', True),
        ('{"user":"3851","item":"x385"}', False),
        ('{"385":"other"}', False),
        ('1,385,"cut', True),
        ("1,1385,cut", False),
        ("1,385b,cut", False),
    ],
)
def test_a_row_is_of_a_user_by_its_values_or_words(raw: str, is_theirs: bool) -> None:
    assert quotes(raw, "385") is is_theirs
