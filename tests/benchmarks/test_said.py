"""What is said of titles in the benchmark passes the door of the product, and the shuffled says it of others."""

import json
from pathlib import Path

import polars as pl
import pytest

from benchmarks.quality.said import Answers, answer_file, by_model, by_rules, shuffled
from lsif.enrichment.answers import checked
from lsif.enrichment.kinds import kinds_request, proposed_kinds
from lsif.enrichment.replies import replies
from lsif.enrichment.requests import item_request
from lsif.llm import Llm

HOW = Llm(model="m", attributes=("theme", "material", "use", "occasion", "audience"))
TEXTS = {"1": "RED GLASS JAR", "2": "BIG JAR", "3": "BLUE TOWEL", "4": "OLD TOWEL", "5": "FAN"}
HEADING = "StockCode\tkind\ttheme\tmaterial\tuse\toccasion\taudience\tgoes_with\twords"
ROWS = [f"{code}\t{text.split()[-1].lower()}\t-\tglass\tany\t-\tany\tjar,towel\t{text}" for code, text in TEXTS.items()]


@pytest.fixture
def model(tmp_path: Path) -> Answers:
    (tmp_path / "attributes.tsv").write_text("\n".join([HEADING, *ROWS]) + "\n")
    return by_model(tmp_path, pl.DataFrame({"item_id": list(TEXTS), "text": list(TEXTS.values())}))


@pytest.mark.parametrize("who", ["model", "rules", "shuffled"])
def test_every_answer_whose_kind_two_texts_bear_out_holds(who: str, model: Answers, tmp_path: Path) -> None:
    said = {"model": model, "rules": by_rules(list(TEXTS.values())), "shuffled": shuffled(model)}[who]
    asked, answered = tmp_path / "ask.jsonl", tmp_path / "answers.jsonl"
    shown = list(TEXTS.values())
    asked.write_text(json.dumps(kinds_request(shown, HOW)) + "\n")
    answer_file(asked, said, answered)
    (proposal,) = replies(answered.read_text().splitlines())
    kinds = proposed_kinds(proposal.content or "", shown)
    assert kinds == ["jar", "other", "towel"]
    asked.write_text("".join(json.dumps(item_request(text, text, kinds, HOW)) + "\n" for text in shown))
    answer_file(asked, said, answered)
    found = {one.key: checked(one.content or "", one.key, kinds, HOW.attributes) for one in replies(answered.open())}
    assert sum(row is not None for row, _ in found.values()) == (5 if who == "rules" else 4)
    assert all(not broken for row, broken in found.values() if row)


def test_rules_are_the_words_and_shuffled_answers_are_the_same_of_others(model: Answers) -> None:
    jar = by_rules(list(TEXTS.values()))["RED GLASS JAR"]
    assert (jar["kind"], [(one["name"], one["value"]) for one in jar["attributes"]]) == (
        "jar",
        [("theme", "red"), ("material", "glass")],
    )
    other = shuffled(model)
    assert sorted(one["kind"] for one in other.values()) == sorted(one["kind"] for one in model.values())
    assert {text: one["kind"] for text, one in other.items()} != {text: one["kind"] for text, one in model.items()}
