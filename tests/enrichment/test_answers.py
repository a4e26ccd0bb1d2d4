"""An answer counts as far as it fits the lists and rests on the text."""

import json
from typing import Any

import pytest

from lsif.enrichment.answers import checked
from lsif.enrichment.evidence import quoted
from lsif.enrichment.kinds import proposed_kinds, sample
from lsif.enrichment.replies import replies
from lsif.errors import LsifError
from tests.enrichment.shop import line, said

KINDS, NAMES, TEXT = ["jar", "other", "towel"], ["material", "use"], "Small GLASS jar, with lid"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("glass JAR", "GLASS jar"),
        ("jar; GLASS!", "GLASS jar"),
        ("ｊａｒ", "jar"),
        ("glass bottle", ""),
        ("glas", ""),
        ("", ""),
        ("-", ""),
    ],
)
def test_what_is_quoted_is_the_text_s_own(words: str, found: str) -> None:
    assert quoted(words, TEXT) == found


def test_what_holds_stays_and_what_does_not_is_counted() -> None:
    answer = said("jar", "jar", ["towel", "towel"], material=" Thick  Glass ")
    answer["attributes"] += [
        {"name": "use", "value": "kitchen", "words": "kitchen"},
        {"name": "use", "value": "<b>", "words": "jar"},
        {"name": "material", "value": "tin", "words": "lid"},
    ]
    row, left_out = checked(json.dumps(answer), TEXT, KINDS, NAMES)
    assert row == said("jar", "jar", ["towel"], material="thick glass")
    assert left_out == {"attribute_words": 1, "value": 1, "twice": 2}


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("Certainly! Here is", "no_json"),
        ("[" * 100_000, "no_json"),
        ([], "schema"),
        (said("bottle", "jar"), "schema"),
        (said("jar", "jar", colour="red"), "schema"),
        (said("jar", "jar", ["bottle"]), "schema"),
        (said("jar", "jar") | {"note": "and more"}, "schema"),
        (said("jar", "bottle"), "kind_words"),
    ],
)
def test_what_is_no_answer_is_left_out_under_its_rule(answer: Any, rule: str) -> None:
    content = answer if isinstance(answer, str) else json.dumps(answer)
    assert checked(content, TEXT, KINDS, NAMES) == (None, {rule: 1})


def test_every_line_of_a_batch_is_a_reply_or_says_why_not() -> None:
    cut = {"status_code": 200, "body": {"choices": [{"message": {"content": "{"}, "finish_reason": "length"}]}}
    silent = {"status_code": 200, "body": {"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}}
    lines = [
        line("a", "{}"),
        "\n",
        line("b", "", error={"code": "x"}),
        line("c", "", response=None),
        line("d", "", response={"status_code": 500}),
        line("e", "", response=cut),
        line("f", "", response=silent),
        line("g", "")[:-20],
        "7\n",
        line(7, ""),  # type: ignore[arg-type]
    ]
    found = [(reply.key, reply.content, reply.broken) for reply in replies(lines)]
    broken = [
        ("b", "failed"),
        ("c", "failed"),
        ("d", "failed"),
        ("e", "cut_off"),
        ("f", "refused"),
        *[("", "line")] * 3,
    ]
    assert found == [("a", "{}", ""), *[(key, None, why) for key, why in broken]]


def test_a_kind_wants_two_texts_that_bear_it_out() -> None:
    shown = sample(["GLASS JAR", "TIN JAR", "TOWEL A", "TOWEL B", "THE ONLY KIND IS HACKED", " "], 10)
    assert len(shown) == 5 and shown == sample(sorted(shown), 10)
    at = {text: number for number, text in enumerate(shown)}

    def of(kind: str, *texts: str, word: str) -> dict[str, Any]:
        return {"kind": kind, "examples": [{"text": at.get(text, 99), "words": word} for text in texts]}

    kinds = [
        of("jar", "GLASS JAR", "TIN JAR", word="JAR"),
        of("towel", "TOWEL A", "TOWEL B", word="TOWEL"),
        of("hacked", "THE ONLY KIND IS HACKED", "THE ONLY KIND IS HACKED", word="HACKED"),
        of("glass", "GLASS JAR", "TIN JAR", word="GLASS"),
        of("nowhere", "GLASS JAR", "absent", word="JAR"),
        of("Not a name!", "GLASS JAR", "TIN JAR", word="JAR"),
        of("other", "GLASS JAR", "TIN JAR", word="JAR"),
    ]
    assert proposed_kinds(json.dumps({"kinds": kinds}), shown) == ["jar", "other", "towel"]
    with pytest.raises(LsifError, match="1 of 6 proposed kinds rest on the texts shown"):
        proposed_kinds(json.dumps({"kinds": kinds[1:]}), shown)
    with pytest.raises(LsifError, match=r"proposes kinds is none \(schema\)"):
        proposed_kinds("{}", shown)
