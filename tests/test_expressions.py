"""Expressions of rules over rows."""

import pyarrow as pa
import pytest

from lsif.errors import LsifError
from lsif.expressions import check, columns_of, values
from lsif.ranking.rule_rows import holds, item_rows
from tests.ranking import shop

ROWS = pa.table({"price": [1.0, None, 300.0], "size": ["2", "x", None], "available": [True, True, False]})


def test_what_says_nothing_is_not_true() -> None:
    assert values("available and price < 200", ROWS).to_pylist() == [True, False, False]
    assert values("NULL", ROWS).to_pylist() == [False] * 3
    assert values("PRICE is null", ROWS).to_pylist() == [False, True, False]


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        ("true, false", "is no SQL expression: Please provide only a single expression"),
        ("true; drop table given", "holds more than one statement"),
        ("true from given", "holds a FROM clause"),
        ("*", "names no column"),
        ("max(price) > 3", "max is made of several rows"),
        ("sum(price) over () > 3", "looks at other rows"),
        ("read_text('/etc/passwd') = ''", "is made of several rows"),
        ("current_date > '2017-01-01'", "there is no column current_date"),
        ("now() > '2017-01-01'", "now makes another value each time"),
        ("getvariable('x') = 1", "getvariable makes another value each time"),
        ("price < 'x'", "Could not convert string 'x' to DOUBLE"),
        ("? > 1", "has a gap"),
    ],
)
def test_only_a_value_of_a_row_is_let_pass(expression: str, line: str) -> None:
    with pytest.raises(LsifError) as caught:
        check(expression, ROWS.schema)
    assert line in str(caught.value) and "\n" not in str(caught.value)


def test_a_cast_that_fails_on_a_row_is_one_line() -> None:
    check("size::int > 1", ROWS.schema)
    with pytest.raises(LsifError, match=r"^'size::int > 1': Could not convert string 'x' to INT32[^\n]*$"):
        values("size::int > 1", ROWS)


def test_rows_of_items_have_attributes_and_numbers_under_their_names() -> None:
    items = shop.table(
        "items",
        [
            {"item_id": "a", "attributes": [{"name": "colour", "value": "red"}], "numbers": []},
            {"item_id": "b", "numbers": [{"name": "price", "value": 3.0}]},
        ],
    )
    rows = item_rows(items, pa.array(["b", "unknown", "a"]), "2017-10-31")
    assert rows.select(["item_id", "colour", "price"]).to_pylist() == [
        {"item_id": "b", "colour": None, "price": 3.0},
        {"item_id": "unknown", "colour": None, "price": None},
        {"item_id": "a", "colour": "red", "price": None},
    ]
    assert holds("price < 5 or colour = 'red'", rows).tolist() == [True, False, True]
    assert holds("nobody_has_it is null and ds = '2017-10-31'", rows).tolist() == [True] * 3
    assert columns_of("a > 1 and lower(b) = 'x'") == ("a", "b")
