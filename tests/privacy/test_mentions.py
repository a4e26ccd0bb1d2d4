"""Ids in texts: as words of their own, and of digits alone only where a user is meant."""

import pytest

from lsif.privacy.mentions import named, pattern, struck_out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("user 385 has 385 rows", "user *** has 385 rows"),
        ('{"user": "385", "price": 385}', '{"user": "***", "price": 385}'),
        ("u-1, u-12 and xu-1", "***, u-12 and xu-1"),
        ('{"user": "J\\u00fcrgen"}', '{"user": "***********"}'),
        ("Jürgen's", "*******'s"),
        ("a.b but not axb", "*** but not axb"),
    ],
)
def test_an_id_is_struck_out_and_the_text_keeps_its_bytes(text: str, told: str) -> None:
    found = pattern(["385", "u-1", "Jürgen", "a.b"])
    assert found is not None
    assert struck_out(text, found) == told
    assert len(told.encode()) == len(text.encode())


def test_a_rejected_row_names_its_user_by_the_field_and_without_it_by_any_word() -> None:
    assert named('{"user": 385, "price": "7"}', ["user"]) == {"385"}
    assert {"385", "7"} <= named('{"who": "385", "price": "7"}', ["user"])
    assert "385" in named("x,385;y", ["user"])
