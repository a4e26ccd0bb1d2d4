"""Requests out and answers in, by the job and by the command line."""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lsif.cli import app
from lsif.errors import LsifError
from lsif.features.text import text_sha256
from lsif.tables import Tables
from tests.conftest import SHOP
from tests.enrichment.shop import DS, MODEL, TEXTS, answer_file, catalogue, line, obedient, said, texts_of
from tests.jobs.conftest import last
from tests.scripts import JOBS

RUNNER = CliRunner()
Llm = Callable[..., str]


@pytest.fixture
def llm(home: Path, tables: Tables) -> Llm:
    """`llm("export", "--out", file)` as typed; gives what was said."""
    (home / "shop.toml").write_text(SHOP + MODEL)
    catalogue(tables, TEXTS)

    def typed(*words: str) -> str:
        done = RUNNER.invoke(app, ["llm", *words, "--ds", DS])
        if isinstance(done.exception, LsifError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return typed


def rounds(llm: Llm, home: Path, *answers: Any) -> str:
    """The kinds, then the texts; gives what was said of the last answers."""
    asked, answered = home / "ask.jsonl", home / "answers.jsonl"
    for _ in range(2):
        llm("export", "--out", str(asked))
        answer_file(asked, answered, *answers)
        told = llm("import", str(answered))
    return told


def rows(tables: Tables) -> dict[str, dict[str, Any]]:
    return {row.pop("text_sha256"): row for row in tables.read("item_attributes").to_pylist()}


def test_two_rounds_make_the_attributes_of_a_catalogue(llm: Llm, home: Path, tables: Tables) -> None:
    told = rounds(llm, home)
    assert "5 rows in, 5 out, of some-model@1; answers left out: none; parts of answers left out: none" in told
    assert tables.read("item_kinds").to_pylist()[0]["kinds"] == ["jar", "other", "towel"]
    stamp = {"prompt_version": "1", "model": "some-model", "known_from": DS}
    (key,) = text_sha256(["GLASS JAR SMALL"])
    assert rows(tables)[key] == stamp | said("jar", "GLASS JAR", ["towel"], material="glass", use="kitchen")
    assert "0 out, some-model@1 has answered about every text" in llm("export", "--out", str(home / "ask.jsonl"))
    assert (home / "ask.jsonl").read_text() == ""
    assert "nothing to do" in llm("import", str(home / "answers.jsonl"))


def test_a_request_is_a_line_of_openai_s_batch_format_that_holds_the_text_as_data(llm: Llm, home: Path) -> None:
    asked = home / "ask.jsonl"
    llm("export", "--out", str(asked))
    (first,) = map(json.loads, asked.read_text().splitlines())
    assert sorted(texts_of(first).values()) == sorted(TEXTS)
    answer_file(asked, home / "answers.jsonl")
    llm("import", str(home / "answers.jsonl"))
    llm("export", "--out", str(asked))
    requests = [json.loads(request) for request in asked.read_text().splitlines()]
    assert {request["custom_id"]: texts_of(request) for request in requests} == dict(
        zip(text_sha256(TEXTS), TEXTS, strict=True)
    )
    for request in requests:
        assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
        assert request["body"]["model"] == "some-model"
        assert [message["role"] for message in request["body"]["messages"]] == ["system", "user"]
        schema = request["body"]["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["kind"]["enum"] == ["jar", "other", "towel"]


def test_a_file_holds_what_services_take_and_the_next_the_rest(
    llm: Llm, home: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = home / "ask.jsonl", home / "answers.jsonl"
    llm("export", "--out", str(asked))
    answer_file(asked, answered)
    llm("import", str(answered))
    llm("export", "--out", str(asked))
    monkeypatch.setattr("lsif.enrichment.steps.FILE_BYTES", asked.stat().st_size - 1)
    assert "5 rows in, 4 out" in (told := llm("export", "--out", str(asked))) and "; 1 are left" in told
    monkeypatch.setattr("lsif.enrichment.steps.FILE_REQUESTS", 3)
    assert "; 2 are left" in llm("export", "--out", str(asked))
    answer_file(asked, answered)
    llm("import", str(answered))
    assert len(rows(tables)) == 3
    monkeypatch.setattr("lsif.enrichment.steps.FILE_BYTES", 1)
    assert "5 rows in, 1 out" in llm("export", "--out", str(asked)), "one in any case, or it would never end"


def test_half_a_batch_is_taken_and_the_rest_asked_again(llm: Llm, home: Path, tables: Tables) -> None:
    asked, answered = home / "ask.jsonl", home / "answers.jsonl"
    rounds(llm, home, lambda text: obedient(text) if "JAR" in text else "sorry")
    assert len(rows(tables)) == 2
    assert "5 rows in, 3 out" in llm("export", "--out", str(asked))
    answer_file(asked, answered)
    (known,) = text_sha256(["GLASS JAR SMALL"])
    whole = answered.read_text().splitlines(keepends=True)
    answered.write_text(whole[0] + whole[1][:50] + "\n" + line(known, "{}") + line("0" * 64, "{}") + whole[0])
    told = llm("import", str(answered))
    assert "5 rows in, 1 out, 2 duplicates, 2 quarantined" in told
    assert "answers left out: line 1, not_asked 1" in told
    assert len(rows(tables)) == 3


def test_answers_want_kinds_and_kinds_the_texts_they_were_made_of(llm: Llm, home: Path, tables: Tables) -> None:
    answers = home / "answers.jsonl"
    answers.write_text(line("0" * 64, "{}"))
    with pytest.raises(LsifError, match="no kinds of some-model@1 are known"):
        llm("import", str(answers))
    llm("export", "--out", str(home / "ask.jsonl"))
    answer_file(home / "ask.jsonl", answers)
    catalogue(tables, [*TEXTS, "ONE MORE"])
    with pytest.raises(LsifError, match="these kinds were proposed for other texts"):
        llm("import", str(answers))
    with pytest.raises(LsifError, match=r"cannot read the answers .*absent: No such file"):
        llm("import", str(home / "absent"))


def test_without_a_model_nobody_is_asked_and_the_job_says_so(
    home: Path, tables: Tables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue(tables, TEXTS)

    def run(*words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", [str(JOBS / "enrich_items.py"), "--ds", DS, *words])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(sys.argv[0], run_name="__main__")
        assert ended.value.code == code
        return "".join(capsys.readouterr())

    assert "nobody is asked: [llm] names no model" in run()
    assert last(tables, "enrich_items")["status"] == "done"
    assert not (home / "llm").exists()
    (home / "answers.jsonl").touch()
    assert "answers of whom? [llm] names no model" in run("--answers", str(home / "answers.jsonl"), code=2)
    (home / "shop.toml").write_text(SHOP + MODEL)
    assert "1 out" in run()
    assert (home / "llm" / f"requests-{DS}.jsonl").exists()
    assert "nothing to do" in run()
