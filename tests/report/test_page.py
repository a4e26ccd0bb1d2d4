"""The page of a night: whole, safe to open, the same whenever it is made, and right."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lsif.config import Settings
from lsif.days import day_before
from lsif.enrichment.steps import TAKE
from lsif.for_people import Text
from lsif.report.answers import experiment
from lsif.report.blocks import Grid, Spans
from lsif.report.cost import cost
from lsif.report.drift import drift
from lsif.report.fairness import fairness
from lsif.report.freshness import freshness
from lsif.report.judged import moved
from lsif.report.night import Change, ModelFacts, Night
from lsif.report.page import SECTIONS, index, page, write
from lsif.report.steps import AFTERWARDS, TRAINING
from lsif.report.texts import LANGUAGES
from lsif.report.texts.words import Words
from lsif.report.verdict import verdict
from lsif.tables import Tables
from tests.report import made
from tests.report.conftest import MODEL

ENGLISH = LANGUAGES["en"]


def night(settings: Settings, ds: str = made.DS, model: ModelFacts | None = MODEL, users: bool = True) -> Night:
    return Night(Tables(settings.tables), ds, settings, model, users)


@pytest.fixture(scope="module")
def whole(ten_nights: Settings) -> str:
    return page(night(ten_nights))


class Elements(HTMLParser):
    """Tags with their attributes, and texts, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_it_has_every_section_in_its_order(whole: str) -> None:
    found = [attributes["id"] for tag, attributes in Elements(whole).tags if tag == "section"]
    assert found == [section.__name__.removesuffix("_card") for section in SECTIONS] + ["reproduce"]
    assert "quiet" not in whole.split("</style>")[1], "this night has something for each"


def test_it_is_one_small_file_that_asks_nobody_and_runs_nothing(whole: str) -> None:
    assert len(whole.encode()) < 2_000_000
    for tag, attributes in Elements(whole).tags:
        assert tag not in ("script", "iframe", "object", "embed", "form", "base", "img")
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "action"):
                assert re.fullmatch(r"#[a-z]+|index\.html|data:,", value or ""), (tag, value)
    assert not re.search(r"url\(|@import|https?://", whole)


def test_hostile_titles_are_titles(whole: str) -> None:
    read = Elements(whole)
    for title in made.HOSTILE:
        assert title in read.texts, title
    assert "49" not in [text.strip() for text in read.texts]
    assert sum(tag == "h1" for tag, _ in read.tags) == 1 and "Because you bought “<b>” lately." in read.texts


def test_nobody_is_named(ten_nights: Settings, whole: str) -> None:
    alone = page(night(ten_nights, users=False))
    assert "household-" not in whole and "household-" not in alone
    assert whole.count("<b>User ") == 10 and "<b>User " not in alone
    assert "Item of number" in whole and "Item of number" not in alone


def test_a_group_of_too_few_users_is_not_shown(ten_nights: Settings) -> None:
    def shown(least: int) -> str:
        few = ten_nights.model_copy(update={"privacy": ten_nights.privacy.model_copy(update={"min_users": least})})
        return page(night(few))

    assert made.metric("for_you", "lsif.ndcg@10", 0.2)["n"] == 900
    assert "DE" in Elements(shown(900)).texts and "DE" not in Elements(shown(901)).texts


def test_it_is_the_same_whenever_it_is_made(ten_nights: Settings, whole: str) -> None:
    assert page(night(ten_nights)) == whole


def test_each_query_gives_what_it_says(ten_nights: Settings) -> None:
    tables = Tables(ten_nights.tables)
    with duckdb.connect() as sql:
        for name in ("metrics_daily", "events", "recommendations", "runs", "quarantine", "list_rule_hits", "checks"):
            sql.register(name, tables.read(name))
        sql.register("alias_history", tables.read("alias_history"))
        for section in SECTIONS:
            for query in section(night(ten_nights), ENGLISH).queries:
                rows = sql.sql(query).fetchall()
                assert rows or "alias_history" in query, query


def test_the_verdict_is_of_tonight_and_of_the_newest_night_that_could_be_judged(ten_nights: Settings) -> None:
    told = verdict(night(ten_nights), ENGLISH)
    assert (told.tone, told.word) == ("good", "The night stays")
    assert told.tonight == "Tonight’s lists are out: 30 users have 3 lists each, made by model version 3."
    assert told.past.startswith(
        "The newest night that could be judged, Monday, 13 November 2017, beat counting in all 3"
    )
    assert [figure.value for figure in told.figures] == ["30", "+10\u00a0%", "80\u00a0%", "3 / 3"]  # .32 beside .29


def test_a_list_that_loses_is_said(tmp_path: Path) -> None:
    settings = fresh(tmp_path)
    tables = Tables(settings.tables)
    lost = made.metric("for_you", "lsif.ndcg@10", 0.2), made.metric("for_you", "frequency.ndcg@10", 0.3)
    made.write(tables, "metrics_daily", made.DS, [*lost, made.metric("for_you", "lsif-frequency.ndcg@10", -0.1)])
    told = verdict(night(settings), ENGLISH)
    assert told.tone == "warn" and "worse than personal frequency" in told.remarks[0]
    assert "beat counting in none of its 1 lists" in told.past


MOVED = [
    (0.30, 900, False),
    (0.28, 900, False),
    (0.26, 900, True),
    (0.34, 900, True),
    (0.34, 30, True),
    (0.34, 29, False),
]


@pytest.mark.parametrize(("score", "users", "is_told"), MOVED)
def test_a_score_that_moved_beyond_chance_asks_for_its_causes(
    tmp_path: Path, score: float, users: int, is_told: bool
) -> None:
    settings = fresh(tmp_path)
    before = day_before(made.DS)
    for ds, value in ((before, 0.30), (made.DS, score)):
        n = users if ds == before else 900
        ours = made.metric("for_you", "lsif.ndcg@10", value, n=n), made.metric("for_you", "frequency.ndcg@10", 0.2)
        rows = [*ours, made.metric("for_you", "lsif-frequency.ndcg@10", 0.1)]
        made.write(Tables(settings.tables), "metrics_daily", ds, rows)
    wanted = [("for_you", *(day_before(ds, settings.training.horizon_days) for ds in (before, made.DS)))]
    assert moved(night(settings)) == (wanted if is_told else [])


def test_causes_stand_on_the_page_the_largest_first(ten_nights: Settings) -> None:
    told = night(ten_nights)
    told.changes = [
        Change("for_you", "2017-11-12", "2017-11-13", 0.31, 0.27, {"volume": 0.0001, "users": 0.01, "model": -0.05})
    ]
    texts = Elements(page(told)).texts
    caption = next(number for number, text in enumerate(texts) if "which is more than chance" in text)
    assert "For you scored 0.270 on Monday, 13 November 2017 and 0.310 on" in texts[caption]
    after = [text for text in texts[caption:] if text in ("another version of the model", "-0.050", "+0.010")]
    assert after == ["another version of the model", "-0.050", "+0.010"]
    assert "how much users took afterwards" not in texts


def test_a_night_that_was_held_says_why_and_which_lists_stay(tmp_path: Path) -> None:
    settings = fresh(tmp_path)
    tables = Tables(settings.tables)
    ds = "2017-11-21"
    names = "19 rows in the list for_you of the user household-007"
    made.checked(tables, ds, [("audit_recommendations", "row_count", None, None, "fail", names)])
    made.ledger(tables, ds, 5000, "audit_recommendations", failed=f"the audit stops this list: {names}")
    told = verdict(night(settings, ds, None), ENGLISH)
    assert (told.tone, told.word) == ("bad", "Held back")
    assert told.tonight == (
        "Tonight’s lists are held back because of lists that are too long or too short. "
        "The last good lists, of Monday, 20 November 2017, stay in force."
    )
    whole = page(night(settings, ds, None))
    assert "household-007" not in whole and "stops the night" in whole


def test_a_run_that_failed_after_a_good_one_leaves_that_ones_lists(tmp_path: Path) -> None:
    settings = fresh(tmp_path)
    made.ledger(Tables(settings.tables), made.DS, 9000, "score_users", failed="no memory for household-001")
    told = verdict(night(settings), ENGLISH)
    assert told.tone == "bad" and "of an earlier run of this night stay" in told.tonight
    assert told.remarks == [
        "The log of the step “score users” says more, and so does the table runs (step score_users, 2017-11-20)."
    ]
    assert "household-001" not in page(night(settings))


def test_a_check_of_another_step_is_not_blamed_for_what_failed(tmp_path: Path) -> None:
    settings = fresh(tmp_path)
    told = "conversion of b is 20% below that of a"
    made.checked(Tables(settings.tables), made.DS, [("experiment", "guard b", -0.2, -0.1, "fail", told)])
    made.ledger(Tables(settings.tables), made.DS, 9000, "score_users", failed="no memory")
    held = verdict(night(settings), ENGLISH)
    assert "because of a step that failed: score users" in held.tonight
    assert f"Look at this check: a variant that is worse than the control, b ({told})" in held.remarks
    assert not any(remark.startswith("What stops the night") for remark in held.remarks)


BEFORE = {"ingest_events", "ingest_items", "ingest_users", "embed_items", "long_term_history", "recent_window"}
BEFORE |= {"item_states", "score_users", "audit_recommendations", "publish_recommendations"}
NO_STEP = {"report", "land_sample", "events_to_interests", "verify"}
"""Jobs without a line of their own in the ledger."""


def test_of_every_job_it_is_known_whether_lists_wait_for_it() -> None:
    jobs = {file.stem for file in (Path(__file__).resolve().parents[2] / "jobs").glob("[a-z]*.py")}
    assert jobs == BEFORE | NO_STEP | set(AFTERWARDS) | set(TRAINING) - {TAKE} and TAKE in TRAINING


LATER = ("join_feedback", "user_interests", "item_lists", "deliver to shop", "retention of events")


@pytest.mark.parametrize("step", LATER)
def test_a_later_step_that_failed_leaves_the_lists_and_is_said(tmp_path: Path, step: str) -> None:
    settings = fresh(tmp_path)
    line = {"seq": 9000, "run_id": "r", "step": step, "ds": made.DS, "status": "failed", "note": "no answer"}
    made.write(Tables(settings.tables), "runs", None, [line | {"seconds": 1.0, "peak_memory_mb": 1.0}])
    told = verdict(night(settings), ENGLISH)
    assert (told.tone, told.word) == ("warn", "The night stays, with remarks")
    assert told.remarks == [f"The step “{ENGLISH.name(step)}” failed; the lists do not depend on it."]


@pytest.mark.parametrize("step", ["take_answers", "enrich_items", "train", "import_past"])
def test_a_step_of_no_night_says_nothing_of_one(tmp_path: Path, step: str) -> None:
    settings = fresh(tmp_path)
    line = {"seq": 9000, "run_id": "r", "step": step, "ds": made.DS, "status": "failed", "note": "answers of whom?"}
    made.write(Tables(settings.tables), "runs", None, [line | {"seconds": 1.0, "peak_memory_mb": 1.0}])
    told = verdict(night(settings), ENGLISH)
    assert told.tone == "good" and told.remarks == []


def test_what_warns_and_what_a_person_let_pass_is_said(tmp_path: Path) -> None:
    settings = fresh(tmp_path)
    rows = [("ingest_events", "max_drop", 0.95, 0.9, "accepted", "accepted: Christmas")]
    rows.append(("audit_recommendations", "psi_scores", 0.4, 0.25, "warn", "not as in the 9 nights before"))
    made.checked(Tables(settings.tables), made.DS, rows)
    told = verdict(night(settings), ENGLISH)
    assert told.tone == "warn" and len(told.remarks) == 2
    assert "accepted: Christmas" in told.remarks[0] and "not as in the 9 nights before" in told.remarks[1]
    assert "1 of 1 checks of what the model reads" in page(night(settings))


def test_an_experiment_shows_gains_first_and_what_it_is_held_against(whole: str) -> None:
    part = whole.split('id="experiment"')[1].split("</section>", maxsplit=1)[0]
    told = (
        "users that are not shared out as they were to be, a",
        "Gain in conversion over the control",
        "Click-through",
    )
    assert sorted(told, key=part.index) == list(told) and "−0.010" in part


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_night_and_no_night_at_all_say_what_is_missing(tmp_path: Path, language: str) -> None:
    settings = empty(tmp_path).model_copy(update={"text": Text(language=language)})
    nothing = page(night(settings, made.DS, None))
    assert nothing.count('class="quiet"') == len(SECTIONS) and f'lang="{language}"' in nothing
    made.nights(Tables(settings.tables), many=1)
    first = page(night(settings, made.DS, ModelFacts("3", {}, (), "nobody answers")))
    say = LANGUAGES[language]
    assert say("not_judged", days=7) in first and "nobody answers" in first


def test_users_of_variants_are_counted_not_drawn(ten_nights: Settings) -> None:
    found = experiment(night(ten_nights), ENGLISH).blocks
    drawn = {span.text for block in found if isinstance(block, Spans) for span in block.of}
    assert not any("039" in text for text in drawn), drawn
    (counted,) = [one for one in found if isinstance(one, Grid) and one.caption.startswith("Users of each variant")]
    assert [[cell.text for cell in row] for row in counted.rows] == [["a", "1,039"], ["b", "1,039"]]


def test_a_group_of_a_few_users_stands_in_the_table_and_on_no_chart(ten_nights: Settings) -> None:
    found = fairness(night(ten_nights), ENGLISH).blocks
    charts = [{span.label for span in block.of} for block in found if isinstance(block, Spans)]
    assert charts == [{"FR", "DE", ENGLISH.name("unknown")}]
    labels = {row[0].text for block in found if isinstance(block, Grid) for row in block.rows}
    assert any(label.endswith("IS") for label in labels)


def test_ages_are_those_that_the_checks_say(tmp_path: Path) -> None:
    settings = fresh(tmp_path)
    tables = Tables(settings.tables)
    made.checked(tables, made.DS, [("audit_recommendations", "users_age_days", 3.0, 14.0, "pass", None)])
    told = ages(night(settings))
    assert told[ENGLISH("age_model")] == ("2017-10-30", "21\u00a0days")
    assert told[ENGLISH("age_users")] == ("2017-11-17", "3\u00a0days")


def test_a_delivery_that_was_not_stored_is_one_all_the_same(tmp_path: Path) -> None:
    settings = empty(tmp_path)
    tables = Tables(settings.tables)
    made.write(tables, "items", "2017-11-10", [{"item_id": "i1", "title": "Bread", "available": True}])
    line = {"seq": 1, "run_id": "r", "step": "ingest_items", "ds": "2017-11-18", "status": "done", "inputs": "{}"}
    made.write(tables, "runs", None, [line | {"seconds": 1.0, "peak_memory_mb": 1.0}])
    assert ages(night(settings))["Catalogue"] == ("2017-11-18", "2\u00a0days")


def test_lists_are_counted_once_for_all_sections(ten_nights: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    told, asked = night(ten_nights), list[str]()
    real = told.tables.scan

    def scan(name: str, days: list[str]) -> Any:
        asked.append(name)
        return real(name, days)

    monkeypatch.setattr(told.tables, "row_groups", None)
    monkeypatch.setattr(told.tables, "scan", scan)
    assert verdict(told, ENGLISH).figures[0].note.startswith("1,800 rows") and cost(told, ENGLISH).blocks
    assert asked.count("recommendations") == 1


def ages(of: Night) -> dict[str, tuple[str, str]]:
    (grid,) = [one for one in freshness(of, ENGLISH).blocks if isinstance(one, Grid) and one.caption == AGES]
    return {row[0].text: (row[1].text, row[2].text) for row in grid.rows}


AGES = ENGLISH("fresh_ages")


def test_the_age_of_a_delivery_is_no_drift(tmp_path: Path) -> None:
    settings = fresh(tmp_path)
    ages = [(f"{name}_age_days", 1.0, 14.0, "pass", None) for name in ("max", "users")]
    made.checked(Tables(settings.tables), made.DS, [("ingest_users", *age) for age in ages])
    told = drift(night(settings), ENGLISH)
    assert "1" in told.lead and len(told.blocks) == 1
    with duckdb.connect() as sql:
        sql.register("checks", Tables(settings.tables).read("checks"))
        assert [row[1] for row in sql.sql(told.queries[0]).fetchall()] == ["users_age_days"]


class Elsewhere:
    """Tables, as if they lay below an address with a key."""

    root = "s3://key:secret@tables/lsif"

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tables, name)


def test_no_password_stands_on_the_page(ten_nights: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "MLflow at postgresql+psycopg2://lsif:p@ss@models:5432/mlflow: no answer"
    told = night(ten_nights, model=ModelFacts("3", {}, (), said))
    monkeypatch.setattr(told, "tables", Elsewhere(told.tables))
    shown = page(told)
    assert "MLflow at postgresql+psycopg2://models:5432/mlflow: no answer" in shown and "p@ss" not in shown
    assert "s3://tables/lsif" in shown and "secret" not in shown


def test_languages_say_the_same_things_with_the_same_slots() -> None:
    slots = {
        code: {name: set(re.findall(r"{(\w+)}", text)) for name, text in words.sentences.items()}
        for code, words in LANGUAGES.items()
    }
    assert slots["en"] == slots["zh"] and ENGLISH.names.keys() == LANGUAGES["zh"].names.keys()
    assert not [text for text in LANGUAGES["zh"].sentences.values() if not re.search(r"[\u3000-\u9fff]", text)][1:]


def test_the_index_is_of_all_pages_and_of_nothing_else(ten_nights: Settings, tmp_path: Path) -> None:
    write(night(ten_nights, "2017-11-19"), tmp_path)
    file = write(night(ten_nights), tmp_path)
    assert file == tmp_path / f"{made.DS}.html" and [one.name for one in tmp_path.glob(".*")] == []
    (tmp_path / "2017-11-18.html").write_text("<p>not ours</p>")
    (tmp_path / "2017-11-17.html").write_text('<meta name="lsif-night" content="[1">')
    linked = re.findall(r'href="(20.*?)"', index(tmp_path, "en"))
    assert linked == ["2017-11-20.html", "2017-11-19.html"]
    assert index(tmp_path / "none", "en").count("<li>") == 0


def empty(tmp_path: Path) -> Settings:
    from tests.report.conftest import home_at

    return home_at(tmp_path)


def fresh(tmp_path: Path) -> Settings:
    """A home of two nights, for a test that changes it."""
    settings = empty(tmp_path)
    made.nights(Tables(settings.tables), many=2)
    return settings


def test_a_section_is_what_the_recipe_says(ten_nights: Settings) -> None:
    from lsif.report import blocks

    architecture = (Path(__file__).resolve().parents[2] / "docs/architecture.md").read_text()
    (recipe,) = [one for one in re.findall(r"```python\n(.*?)```", architecture, re.DOTALL) if "-> Section:" in one]
    names: dict[str, Any] = {**vars(blocks), "Night": Night, "Words": Words}
    exec(recipe, names)
    made_by_recipe = names["nights"](night(ten_nights), ENGLISH)
    assert made_by_recipe.title == "All nights" and made.DS in made_by_recipe.blocks[0].text
