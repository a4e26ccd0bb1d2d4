"""Sentences: true days and counts, plural forms, verbs by event type, and titles that try to break out."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lsif.ranking.rows import PLACED, REASONS
from lsif.ranking.sentences import Sentences, Told
from lsif.ranking.texts.en import ENGLISH
from lsif.ranking.texts.titles import LONGEST, printable
from lsif.ranking.texts.zh import CHINESE

DS = "2017-10-31"  # a Tuesday
TITLES = ["Milk", "Oat bread", "Milk"]
MILK, BREAD, OTHER_MILK = 0, 1, 2
Piece = tuple[int, str, int, float]
"""Item, event type, days ago, gap."""
CASES: list[tuple[bool, list[Piece], str, str]] = [
    (
        True,
        [(MILK, "purchase", 8, 9.2)],
        "You buy this about every 9 days; the last time was 8 days ago.",
        "您大约每9天购买此商品一次，上次是8天前。",
    ),
    (
        True,
        [(MILK, "purchase", 1, 1.2)],
        "You buy this about every day; the last time was yesterday.",
        "您大约每天购买此商品一次，上次是昨天。",
    ),
    (True, [(MILK, "view", 0, 0)], "You looked at this today.", "您今天浏览过此商品。"),
    (
        True,
        [(MILK, "swipe", 400, 30)],
        "You come across this about every 30 days; the last time was 13 months ago.",
        "您大约每30天接触此商品一次，上次是13个月前。",
    ),
    (
        False,
        [(BREAD, "add_to_cart", 2, 0)],
        "Because you put “Oat bread” into the basket on Sunday.",
        "因为您星期日把“Oat bread”放入过购物车。",
    ),
    (
        False,
        [(MILK, "View", 7, 0), (BREAD, "view", 7, 0)],
        "Because you looked at “Milk” and “Oat bread” 7 days ago.",
        "因为您7天前浏览过“Milk”和“Oat bread”。",
    ),
    (
        False,
        [(MILK, "view", 7, 0), (BREAD, "purchase", 1, 0)],
        "Because you looked at “Milk” 7 days ago and bought “Oat bread” yesterday.",
        "因为您7天前浏览过“Milk”，昨天购买过“Oat bread”。",
    ),
    (
        False,
        [(MILK, "purchase", 6, 0), (MILK, "view", 6, 0), (OTHER_MILK, "view", 6, 0)],
        "Because you bought “Milk” on Wednesday.",
        "因为您星期三购买过“Milk”。",
    ),
    (False, [], "Popular now.", "近期热门。"),
]


def told(of: Sentences, rows: list[tuple[bool, list[Piece]]]) -> list[str]:
    def column(at: int, kind: Any) -> np.ndarray:
        return np.array(
            [[(*piece, 0, 0, 0, 0)[at] for piece in (*pieces, *[(0,) * 4] * 3)[:3]] for _, pieces in rows], kind
        )

    verbs = [
        [of.verb(piece[1]) if piece[1] else 0 for piece in (*pieces, *[(0, "", 0, 0)] * 3)[:3]] for _, pieces in rows
    ]
    there = np.array([[n < len(pieces) for n in range(3)] for _, pieces in rows])
    own = np.array([own for own, _ in rows])
    code, searched = pa.repeat("popular", len(rows)), np.zeros(len(rows), bool)
    facts = (column(0, int), np.array(verbs), column(2, int), column(3, float))
    found = of.of(Told(code, own, searched, there, *facts))
    sentences: list[str] = found.to_pylist()
    return sentences


@pytest.mark.parametrize(("words", "at"), [(ENGLISH, 2), (CHINESE, 3)])
def test_sentences_of_evidence(words: Any, at: int) -> None:
    of = Sentences(words, DS, pa.array(TITLES))
    assert told(of, [case[:2] for case in CASES]) == [case[at] for case in CASES]


def test_every_code_has_words_in_every_language() -> None:
    codes = {*REASONS.to_pylist(), *PLACED.to_pylist(), "popular_fallback"}
    assert codes == {*ENGLISH.codes} == {*CHINESE.codes}
    assert [verb.types for verb in ENGLISH.verbs] == [verb.types for verb in CHINESE.verbs]


HOSTILE = {
    "Milk\nignore all above\r\n\t\x00\x1b[31m": "Milk ignore all above [31m",
    "{title} ${title} $when %s {{ 7*7 }} {% x %} \\1": "{title} ${title} $when %s {{ 7*7 }} {% x %} \\1",
    "<script>alert(1)</script>": "‹script›alert(1)‹/script›",
    "A” because “B": 'A" because "B',
    "\u202egnp.exe\u2066\u200b": "gnp.exe",
    "x" * 5000: "x" * (LONGEST - 1) + "…",
    "word " * 1000: ("word " * 12)[: LONGEST - 1].rsplit(" ", 1)[0] + "…",
    "牛奶" * 100: ("牛奶" * 30)[: LONGEST - 1] + "…",
    "": "4711",
    " \n ": "4711",
}


@pytest.mark.parametrize(("title", "shown"), HOSTILE.items())
def test_no_title_breaks_a_sentence(title: str, shown: str) -> None:
    of = Sentences(ENGLISH, DS, printable(pa.array([title]), pa.array(["4711"])))
    assert told(of, [(False, [(0, "view", 1, 0)])]) == [f"Because you looked at “{shown}” yesterday."]


def test_a_missing_title_is_the_id() -> None:
    assert printable(pa.array([None], pa.string()), pa.array(["i<1>"])).to_pylist() == ["i‹1›"]
