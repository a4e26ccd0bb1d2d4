"""An answer about one text, held against the closed lists and the words of the text."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from lsif.enrichment.evidence import quoted
from lsif.enrichment.requests import answer_schema, content_of_json

VALUE = re.compile(r"\w[\w '&/+.-]{0,39}")
"""What is short: a value is the one thing that a model writes freely."""
Row = dict[str, Any]


def checked(content: str, text: str, kinds: Sequence[str], names: Sequence[str]) -> tuple[Row | None, Counter[str]]:
    """`kind`, `words`, `attributes` and `goes_with` of an answer as far as they hold, and how much of it does not.

    What is no answer, or whose kind rests on no words of the text, is None. An attribute or a kind that goes with it is
    left out by itself: `attribute_words` and `goes_with_words` rest on nothing, `value` is no short value, `twice` has
    a name or kind that came before.
    """
    answer, broken = content_of_json(content, answer_schema(kinds, names))
    if answer is None:
        return None, Counter([broken])
    if not (words := quoted(answer["words"], text)):
        return None, Counter(["kind_words"])
    short = [one | {"value": " ".join(one["value"].lower().split())} for one in answer["attributes"]]
    valued = [one for one in short if VALUE.fullmatch(one["value"])]
    left_out = Counter({"value": len(short) - len(valued)})
    attributes = _founded(valued, "name", text, left_out, "attribute_words")
    goes_with = _founded(answer["goes_with"], "kind", text, left_out, "goes_with_words")
    return {"kind": answer["kind"], "words": words, "attributes": attributes, "goes_with": goes_with}, +left_out


def _founded(given: list[Row], key: str, text: str, left_out: Counter[str], rule: str) -> list[Row]:
    """What rests on words of the text, and of each `key` the first."""
    founded = [one for one in ({**one, "words": quoted(one["words"], text)} for one in given) if one["words"]]
    first = {one[key]: one for one in reversed(founded)}
    left_out.update({rule: len(given) - len(founded), "twice": len(founded) - len(first)})
    return [one for one in founded if first[one[key]] is one]
