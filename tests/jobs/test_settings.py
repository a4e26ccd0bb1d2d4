"""What a change of the settings runs again: the steps that read the section it stands in, and no others."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import lsif.job
from lsif.config import Section, Settings, load_settings
from lsif.days import days_between
from lsif.job import Job
from lsif.privacy.erased import ask
from lsif.registry import Registry
from lsif.tables import Tables
from tests.jobs.conftest import Run, deliver
from tests.scripts import JOBS

DAYS = days_between("2017-03-01", "2017-03-12")
TRAINED, NIGHT, LATER = DAYS[-4], DAYS[-3], DAYS[-1]
SMALL = """
[training]
horizon_days = 2
cutoffs = 3
max_epochs = 1
[model]
width = 8
text_encoder = "hashing"
[ranking]
chunk_users = 3
[lists]
for_you = { k = 3 }
discover = { items = "new", k = 3 }
[item_lists]
similar_items = { k = 2 }
taken_together = { k = 2 }
[sources.searches]
path = "landing/searches/{ds}.jsonl"
format = "jsonl"
event_type = "search"
columns = { event_id = "id", user_id = "user", query = "q", event_time = "time" }
[deliver.shop]
to = "sql"
url = "sqlite:///lists.db"
"""
CHAIN = [
    ("ingest_items", DAYS[0]),
    ("import_past", TRAINED, "--from", DAYS[0]),
    ("embed_items", TRAINED, "--for-training"),
    ("enrich_items", TRAINED),
    ("training_cutoffs", TRAINED),
    ("train", TRAINED),
    ("gate", TRAINED),
    ("move_alias", TRAINED, "promote", "--force", "--reason", "a test's model"),
    ("ingest_events", NIGHT),
    ("long_term_history", NIGHT),
    ("recent_window", NIGHT),
    ("item_states", NIGHT),
    ("embed_items", NIGHT),
    ("score_users", NIGHT),
    ("audit_recommendations", NIGHT),
    ("publish_recommendations", NIGHT),
    ("events_to_interests", DAYS[-2]),
    ("events_to_interests", LATER),
    ("deliver", NIGHT),
    ("join_feedback", LATER),
    ("user_interests", NIGHT),
    ("item_lists", NIGHT),
    ("report", NIGHT),
    ("erase", LATER),
    ("retention", LATER),
]
"""Every job, and its arguments."""
SEARCHER = "who only searched"
NO_NIGHTS = {"land_sample", "ingest_users", "encrypted_popularity", "release", "verify"}
READS = {
    "ingest_events": {"sources", "event_types", "rules", "checks"},
    "import_past": {"sources", "event_types", "rules", "checks", "catalogue"},
    "ingest_items": {"catalogue", "rules", "checks"},
    "embed_items": {"model", "ranking", "training", "experiment"},
    "enrich_items": {"llm"},
    "long_term_history": set(),
    "history_base": {"interests"},
    "recent_window": {"interests"},
    "item_states": {"interests", "model"},
    "training_cutoffs": {"training", "interests", "model"},
    "train": {"training", "interests", "model", "event_types", "lists", "llm", "fairness"},
    "gate": {"gate"},
    "move_alias": set(),
    "score_users": {"event_types", "interests", "ranking", "lists", "llm", "checks", "text", "experiment"},
    "audit_recommendations": {
        *("interests", "lists", "ranking", "llm", "fairness", "checks", "catalogue", "users", "experiment"),
    },
    "publish_recommendations": set(),
    "deliver to shop": {"deliver"},
    "join_feedback": {
        *("training", "interests", "lists", "feedback", "event_types", "fairness", "checks", "experiment"),
    },
    "user_interests": {"interests", "user_interests"},
    "item_lists": {"item_lists", "ranking", "interests", "llm"},
    "erase": {"sources", "users", "deliver", "interests"},
    "retention of events": {"retention", "training", "interests"},
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Step = sections that were read through the settings it was given, from now on."""
    of_settings: dict[int, set[str]] = defaultdict(set)
    of_step: dict[str, set[str]] = {}
    held: list[Settings] = []
    run_step, plain = lsif.job.run_step, BaseModel.__getattribute__

    def recording(self: Settings, name: str) -> Any:
        if name in Settings.model_fields.keys() - {"home", "tables"}:
            if id(self) not in of_settings:
                held.append(self)  # or another one might get its id
            of_settings[id(self)].add(name)
        return plain(self, name)

    def noting(step: str, job: Job, *rest: Any) -> None:
        held.append(job.settings)  # one that nothing was read of, too
        run_step(step, job, *rest)
        of_step[step] = of_step.get(step, set()) | of_settings[id(job.settings)]

    monkeypatch.setattr(Settings, "__getattribute__", recording, raising=False)
    monkeypatch.setattr(lsif.job, "run_step", noting)
    return of_step


@pytest.fixture
def small(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop of twelve days whose settings make a training small; every file is delivered."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
    (home / "shop.toml").write_text((home / "shop.toml").read_text() + SMALL)
    (home / "landing" / "searches").mkdir(parents=True)
    (home / "landing" / "items.csv").write_text("id,title,category\n" + "".join(f"{n},Nr {n},c\n" for n in range(6)))
    for ds in DAYS:
        deliver(home, ds, *(f"{ds}-{n},u{n},{(n + int(ds[-2:])) % 6},purchase,{ds}T10:00:00Z" for n in range(4)))
        asked = {"id": f"{ds}-s", "user": SEARCHER, "q": "Nr 3", "time": f"{ds}T09:00:00Z"}
        (home / "landing" / "searches" / f"{ds}.jsonl").write_text(json.dumps(asked))
    return home


def change(home: Path, before: str, after: str) -> None:
    text = (home / "shop.toml").read_text()
    assert text.count(before) == 1
    (home / "shop.toml").write_text(text.replace(before, after))


def test_a_steps_fingerprint_is_of_the_sections_it_reads(
    run: Run, small: Path, tables: Tables, read: dict[str, set[str]]
) -> None:
    assert {step for step, *_ in CHAIN} == {file.stem for file in JOBS.glob("*.py")} - NO_NIGHTS
    for step, ds, *more in CHAIN:
        if step == "erase":
            ask(tables, ["u3"], ds, 30, [])
        run(step, "--ds", ds, *more)
    said_by_inputs = {"privacy"}  # no part of a fingerprint: a step names among its inputs what it changes
    assert {step: read[step] - said_by_inputs for step in READS} == READS
    marks = {row["step"]: row["config_hash"] for row in tables.read("runs").to_pylist()}
    now = load_settings()
    assert {step: marks[step] for step in READS} == {step: now.only(READS[step]).fingerprint() for step in READS}
    assert set(tables.read("recommendations")["config_hash"].to_pylist()) == {marks["score_users"]}
    listed = {(row["user_id"], row["generator"]) for row in tables.read("recommendations").to_pylist()}
    assert {generator for user, generator in listed if user == SEARCHER} == {"fusion"}
    assert Registry().version("1").tags["config_hash"] == marks["train"]


def test_a_change_of_the_interests_imports_nothing(run: Run, small: Path, tables: Tables) -> None:
    past = ("--from", DAYS[0], "--ds", NIGHT)
    run("import_past", *past)
    change(small, "[ranking]", "[interests]\nrecent_days = 5\n[ranking]")
    assert "nothing to do" in run("import_past", *past)
    said = run("events_to_interests", "--ds", DAYS[-2])
    assert said.count("nothing to do") == 0
    change(small, "chunk_users = 3", "chunk_users = 2")
    assert run("events_to_interests", "--ds", DAYS[-2]).count("nothing to do") == 5
    change(small, "recent_days = 5", "recent_days = 4")
    said = run("events_to_interests", "--ds", DAYS[-2])
    assert said.count("nothing to do") == 2
    assert "recent_window ds=2017-03-11: 40 rows in" in said
    change(small, "browse = 0.5", "browse = 0.4")
    assert "nothing to do" not in run("import_past", *past)


def leaves() -> list[tuple[str, str]]:
    """Every key of every section that has keys of its own; `sources` and `event_types` are mappings."""
    kinds = {name: field.annotation for name, field in Settings.model_fields.items()}
    return [
        (name, key)
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, Section)
        for key in kind.model_fields
    ]


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(("section", "key"), leaves())
def test_every_key_runs_again_what_reads_its_section(settings: Settings, section: str, key: str) -> None:
    part = getattr(settings, section)
    changed = settings.model_copy(update={section: part.model_copy(update={key: "another value"})})

    differ = {
        step for step, own in READS.items() if settings.only(own).fingerprint() != changed.only(own).fingerprint()
    }
    wanted = {step for step, sections in READS.items() if section in sections}
    assert differ == (wanted if section != "checks" else set()), "a bound changes no row"
