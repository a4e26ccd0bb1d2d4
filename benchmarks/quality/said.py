"""What is said of the titles of Online Retail, as a batch would answer: by a large model, by rules, and shuffled.

`attributes.tsv` beside the log holds a large language model's answers to the titles, made once; it saw nothing of the
log. The rules are those of a minute: the last word of a title names the thing, the first its look, some words a
material. The shuffled answers are the model's, each about another title, resting on that title's words: as many groups
of the same sizes, which mean nothing.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lsif.enrichment.kinds import EXAMPLES, MOST, NAME, OTHER

Answer = dict[str, Any]
Answers = dict[str, Answer]
"""Text → what is said of it."""
NAMES = ("theme", "material", "use", "occasion", "audience")
MATERIALS = (
    "glass",
    "metal",
    "wood",
    "wooden",
    "ceramic",
    "paper",
    "felt",
    "cotton",
    "plastic",
    "wicker",
    "tin",
    "wax",
)


def by_model(folder: Path, items: pl.DataFrame) -> Answers:
    """Answers of `attributes.tsv`, by the catalogue's text; a field `-` says nothing."""
    said = pl.read_csv(folder / "attributes.tsv", separator="\t", quote_char=None, infer_schema=False)
    rows = said.join(items, left_on="StockCode", right_on="item_id").filter(pl.col("text").is_not_null())
    return {row["text"]: _of_row(row) for row in rows.sort("StockCode", descending=True).to_dicts()}


def _of_row(row: dict[str, str]) -> Answer:
    named = {name: row[name] for name in NAMES if row[name] != "-"}
    return _answer(row["kind"], row["words"], named, row["goes_with"].split(","))


def by_rules(texts: list[str]) -> Answers:
    """Kind, look and material by the words of the titles."""
    words = {text: [word for word in text.lower().split() if word.isalpha()] for text in texts}
    counts = Counter(of[-1] for of in words.values() if of and NAME.fullmatch(of[-1]) and of[-1] != OTHER)
    kinds = {word for word, count in counts.most_common(MOST - 1) if count >= EXAMPLES}
    return {text: _by_words(of, kinds) for text, of in words.items() if of}


def _by_words(words: list[str], kinds: set[str]) -> Answer:
    material = next((word for word in words if word in MATERIALS), None)
    named = {"theme": words[0]} | ({"material": material} if material else {})
    return _answer(words[-1] if words[-1] in kinds else OTHER, " ".join(words), named, [])


def shuffled(answers: Answers) -> Answers:
    """Each answer for another text."""
    texts = sorted(answers)
    order = np.random.default_rng(0).permutation(len(texts))
    return {text: _resting(answers[texts[other]], text) for text, other in zip(texts, order.tolist(), strict=True)}


def _resting(answer: Answer, text: str) -> Answer:
    attributes = {one["name"]: one["value"] for one in answer["attributes"]}
    return _answer(answer["kind"], text, attributes, [one["kind"] for one in answer["goes_with"]])


def _answer(kind: str, words: str, named: dict[str, str], goes_with: list[str]) -> Answer:
    return {
        "kind": kind,
        "words": words,
        "attributes": [{"name": name, "value": value, "words": words} for name, value in named.items()],
        "goes_with": [{"kind": one, "words": words} for one in goes_with],
    }


def answer_file(requests: Path, answers: Answers, out: Path) -> None:
    """Answer every request that something is known about, as OpenAI's batch API would."""
    asked = (json.loads(line) for line in requests.read_text().splitlines())
    out.write_text("".join(json.dumps(line) + "\n" for line in _lines(asked, answers)))


def _lines(asked: Iterator[dict[str, Any]], answers: Answers) -> Iterator[dict[str, Any]]:
    for request in asked:
        message = json.loads(request["body"]["messages"][1]["content"])
        found = _kinds(message["texts"], answers) if "texts" in message else answers.get(message["text"])
        if found is not None:
            said = {"message": {"role": "assistant", "content": json.dumps(found)}, "finish_reason": "stop"}
            response = {"status_code": 200, "body": {"choices": [said]}}
            yield {"custom_id": request["custom_id"], "response": response, "error": None}


def _kinds(texts: dict[str, str], answers: Answers) -> Answer:
    """The kinds of the answers, each with three of the texts that are of it."""
    of: dict[str, list[Answer]] = {}
    for number, text in texts.items():
        if answer := answers.get(text):
            of.setdefault(answer["kind"], []).append({"text": int(number), "words": answer["words"]})
    return {"kinds": [{"kind": kind, "examples": examples[:3]} for kind, examples in sorted(of.items())]}


def variants(folder: Path, items: pl.DataFrame) -> dict[str, Callable[[], Answers]]:
    """Name → who answers. `items` has item_id and text."""
    texts = items["text"].drop_nulls().unique().sort().to_list()
    return {
        "large_model": lambda: by_model(folder, items),
        "rules": lambda: by_rules(texts),
        "shuffled": lambda: shuffled(by_model(folder, items)),
    }
