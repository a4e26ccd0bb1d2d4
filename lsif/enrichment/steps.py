"""The steps that ask about the catalogue in files and take the answers in."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from lsif.enrichment.answers import checked
from lsif.enrichment.kinds import kinds_id, kinds_request, proposed_kinds, sample
from lsif.enrichment.replies import Reply, replies
from lsif.enrichment.requests import item_request
from lsif.enrichment.texts import ATTRIBUTES, KINDS, answered, catalogue_texts, known_kinds
from lsif.errors import LsifError
from lsif.interests.as_of import catalogue_inputs
from lsif.job import Counts, Fingerprints, Job

ASK, TAKE = "enrich_items", "take_answers"
SECTIONS = ("llm",)
FILE_REQUESTS, FILE_BYTES = 50_000, 100_000_000
"""Of a file at the most; the next export holds what is left. OpenAI takes 200 MB, and texts grow where others escape
what is not ASCII."""
Row = dict[str, Any]


def ask_inputs(job: Job, out: Path) -> Fingerprints:
    how = job.settings.llm
    done = {"answered": str(len(answered(job.tables, how))), "kinds": str(len(known_kinds(job.tables, how)))}
    done["file"] = str(out)
    return catalogue_inputs(job.tables, job.ds) | done


def ask(job: Job, out: Path) -> Counts:
    """Write the file of requests: about the kinds first, then about every text that has no answer yet."""
    how = job.settings.llm
    if how.model is None:
        return Counts(None, None, note="nobody is asked: [llm] names no model, and lists do without attributes")
    texts, kinds = catalogue_texts(job.tables, job.ds), known_kinds(job.tables, how)
    if not kinds:
        _write(out, [kinds_request(sample(list(texts.values()), how.sample_texts), how)])
        return Counts(len(texts), 1, note=f"{out} asks {how.made_by} for the kinds, which the texts wait for")
    done = answered(job.tables, how)
    waiting = [(key, text) for key, text in texts.items() if key not in done]
    asked = _write(out, (item_request(key, text, kinds, how) for key, text in waiting))
    left = len(waiting) - asked
    note = f"{out} asks {how.made_by}" if waiting else f"{how.made_by} has answered about every text"
    return Counts(len(texts), asked, note=note + f"; {left:,} are left" * (left > 0))


def take_inputs(job: Job, answers: Path) -> Fingerprints:
    return catalogue_inputs(job.tables, job.ds) | {"answers": hashlib.sha256(_read(answers)).hexdigest()}


def take(job: Job, answers: Path) -> Counts:
    """Take in the answers about the catalogue in force; nights read them from the job's day on."""
    how = job.settings.llm
    if how.model is None:
        raise LsifError("answers of whom? [llm] names no model")
    lines = list(replies(_read(answers).decode("utf-8", "replace").split("\n")))
    texts, kinds = catalogue_texts(job.tables, job.ds), known_kinds(job.tables, how)
    about_kinds = [line for line in lines if line.key.startswith("kinds-")]
    if about_kinds and len(about_kinds) == len(lines):
        return _take_kinds(job, about_kinds[-1], list(texts.values()))
    if not kinds:
        raise LsifError(f"no kinds of {how.made_by} are known: `lsif llm export` asks for them first")
    rows, repeated, left_out, parts = _judged(job, lines, texts, kinds)
    if rows:
        job.tables.append(ATTRIBUTES, pa.Table.from_pylist(rows, job.tables.schema(ATTRIBUTES)))
    note = f"of {how.made_by}; answers left out: {_told(left_out)}; parts of answers left out: {_told(parts)}"
    return Counts(len(lines), len(rows), repeated, left_out.total(), note=note)


def _judged(
    job: Job, lines: Sequence[Reply], texts: dict[str, str], kinds: list[str]
) -> tuple[list[Row], int, Counter[str], Counter[str]]:
    """New rows, how many lines speak of what has an answer, and the rules that others and parts of rows broke."""
    how, rows, left_out, parts, repeated = job.settings.llm, {}, Counter[str](), Counter[str](), 0
    said = {(line.key, line.content) for line in lines if line.content is not None}
    done, different = answered(job.tables, how), Counter(key for key, _ in said)
    for line in lines:
        if line.key not in texts or line.content is None:
            left_out[line.broken or "not_asked"] += 1
        elif line.key not in done and different[line.key] > 1:
            left_out["contradicts"] += 1  # which of them is about the text, nobody knows
        elif line.key in done or line.key in rows:
            repeated += 1
        else:
            row, broken = checked(line.content, texts[line.key], kinds, how.attributes)
            (left_out if row is None else parts).update(broken)
            if row:
                rows[line.key] = {"text_sha256": line.key, **_stamp(job), **row}
    return list(rows.values()), repeated, left_out, parts


def _take_kinds(job: Job, line: Reply, texts: list[str]) -> Counts:
    shown = sample(texts, job.settings.llm.sample_texts)
    if line.key != kinds_id(shown):
        raise LsifError("these kinds were proposed for other texts: import with the export's --ds and settings")
    if there := known_kinds(job.tables, job.settings.llm):
        return Counts(1, 0, 1, note=f"the kinds stay as they are: {', '.join(there)}")
    if line.content is None:
        raise LsifError(f"the answer that proposes kinds is none ({line.broken}): have the request answered again")
    kinds = proposed_kinds(line.content, shown)
    row = {**_stamp(job), "kinds": kinds}
    job.tables.append(KINDS, pa.Table.from_pylist([row], job.tables.schema(KINDS)))
    return Counts(1, 1, note=f"{len(kinds)} kinds, look whether they will do: {', '.join(kinds)}")


def _stamp(job: Job) -> Row:
    how = job.settings.llm
    return {"prompt_version": how.prompt_version, "model": how.model, "known_from": job.ds}


def _told(broken: Counter[str]) -> str:
    return ", ".join(f"{rule} {count:,}" for rule, count in sorted(broken.items())) or "none"


def _write(out: Path, requests: Iterable[Row]) -> int:
    """How many of the requests the file holds: as many as it takes."""
    part = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            asked = sum(1 for line in _that_fit(requests) if file.write(line))
        part.replace(out)
    except OSError as error:
        raise LsifError(f"cannot write the requests to {out}: {error.strerror}") from error
    return asked


def _that_fit(requests: Iterable[Row]) -> Iterator[bytes]:
    size = 0
    for number, request in enumerate(requests):
        line = (json.dumps(request, ensure_ascii=False) + "\n").encode()
        size += len(line)
        if number == FILE_REQUESTS or (number and size > FILE_BYTES):
            return
        yield line


def _read(answers: Path) -> bytes:
    try:
        return answers.read_bytes()
    except OSError as error:
        raise LsifError(f"cannot read the answers {answers}: {error.strerror}") from error
