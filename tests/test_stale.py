"""What the ledger calls stale: what read other rows, what follows from it, and nothing besides."""

from pathlib import Path

import pyarrow as pa
import pytest

from lsif.config import load_settings
from lsif.errors import LsifError
from lsif.job import Counts, Job, run_step
from lsif.ranked_list import ItemLists
from lsif.stale import Stale, cascade, no_longer_made, stale_steps
from lsif.tables import Tables
from tests.tables.tiles import tiles

D1, D2, D3 = "2017-01-01", "2017-01-02", "2017-01-03"

KEY = {"source": "shop", "event_id": "1", "list": "for_you"}


def job_of(tables: Tables, ds: str) -> Job:
    return Job(ds, load_settings(), tables, None, Path(__file__))  # type: ignore[arg-type]


class Chain:
    """Two steps a day: `copy` reads the day's items and writes feedback, `sum` reads feedback of two days."""

    def __init__(self, tables: Tables) -> None:
        self.tables, self.ran = tables, list[str]()

    def deliver(self, ds: str, *items: str) -> None:
        writer = self.tables.writer("item_tiles")
        writer.write(ds, tiles(self.tables, *items))
        writer.commit()

    def night(self, ds: str) -> None:
        job = job_of(self.tables, ds)
        run_step("copy", job, lambda job: self.tables.fingerprints("item_tiles", [ds]), self.copy)
        before = self.tables.days("feedback", last=ds)[-2:]
        run_step("sum", job, lambda job: self.tables.fingerprints("feedback", [D1, *before]), self.sum)

    def copy(self, job: Job) -> Counts:
        """Of all items only whether there is an odd number of them."""
        self.ran.append(f"copy {job.ds}")
        odd = self.tables.rows("item_tiles")[job.ds] % 2
        return self.put("feedback", job.ds, {**KEY, "recommendation_id": str(odd)})

    def sum(self, job: Job) -> Counts:
        self.ran.append(f"sum {job.ds}")
        known = "".join(self.tables.read("feedback").sort_by("ds")["recommendation_id"].to_pylist())
        return self.put("metrics_daily", job.ds, {"list": "for_you", "metric": known, "segment": "all"})

    def put(self, name: str, ds: str, row: dict[str, str]) -> Counts:
        writer = self.tables.writer(name)
        writer.write(ds, pa.Table.from_pylist([row], self.tables.schema(name)))
        return Counts(None, writer.commit())


@pytest.fixture
def chain(tables: Tables) -> Chain:
    made = Chain(tables)
    for ds in (D1, D2, D3):
        made.deliver(ds, "a")
        made.night(ds)
    made.ran.clear()
    return made


def test_nothing_is_stale_at_first_and_an_empty_ledger_is_no_error(chain: Chain, tables: Tables) -> None:
    assert stale_steps(tables) == []
    assert stale_steps(Tables(f"{tables.root}-none")) == []


def test_what_read_other_rows_is_stale_and_so_is_what_follows(chain: Chain, tables: Tables) -> None:
    chain.deliver(D2, "a", "b")
    found = stale_steps(tables)
    assert found == [
        Stale("copy", D2, f"item_tiles/{D2}"),
        Stale("sum", D2, f"follows copy {D2}"),
        Stale("sum", D3, f"follows copy {D2}"),
    ]
    chain.night(D2)
    assert stale_steps(tables) == [Stale("sum", D3, f"feedback/{D2}")]


def test_a_cascade_runs_those_and_only_those(chain: Chain, tables: Tables) -> None:
    chain.deliver(D2, "a", "b")
    assert cascade(tables, chain.night, lambda ds: pytest.fail("no training is stale")) == 2
    assert chain.ran == [f"copy {D2}", f"sum {D2}", f"sum {D3}"]
    assert stale_steps(tables) == []


def test_a_cascade_stops_where_rows_come_out_as_they_were(chain: Chain, tables: Tables) -> None:
    chain.deliver(D2, "a", "b", "c")
    assert len(stale_steps(tables)) == 3
    assert cascade(tables, chain.night, chain.night) == 1
    assert chain.ran == [f"copy {D2}"]


def test_an_input_that_was_absent_and_came_makes_stale_and_one_that_went_does_not(tables: Tables) -> None:
    chain = Chain(tables)
    chain.deliver(D2, "a")
    chain.night(D2)
    chain.deliver(D1, "a")
    assert stale_steps(tables) == []
    chain.night(D1)
    assert stale_steps(tables) == [Stale("sum", D2, f"feedback/{D1}")]
    chain.night(D2)
    tables.remove("feedback", [D1])
    assert stale_steps(tables) == []


def test_what_was_written_for_days_before_the_change_is_not_stale(chain: Chain, tables: Tables) -> None:
    """One step wrote three days, as a training's cutoffs are."""
    job = job_of(tables, D3)

    def bulk(job: Job) -> Counts:
        writer = tables.writer("user_tiles")
        for ds in (D1, D2, D3):
            writer.write(ds, tables.schema("user_tiles").empty_table())
        return Counts(None, writer.commit())

    def nothing(job: Job) -> Counts:
        return Counts(0, 0)

    run_step("bulk", job, lambda job: tables.fingerprints("item_tiles", [D1, D2, D3]), bulk)
    for ds in (D1, D2, D3):
        run_step(f"reader of {ds}", job, lambda job, ds=ds: tables.fingerprints("user_tiles", [ds]), nothing)
    chain.deliver(D2, "a", "b")
    found = [one.step for one in stale_steps(tables) if one.step not in ("copy", "sum")]
    assert found == ["bulk", f"reader of {D2}", f"reader of {D3}"]
    chain.deliver(D1, "a", "b")
    found = [one.step for one in stale_steps(tables) if one.step not in ("copy", "sum")]
    assert sorted(found) == ["bulk", *(f"reader of {ds}" for ds in (D1, D2, D3))], "from the first change on"


def test_a_day_that_stays_stale_is_said_and_not_run_for_ever(chain: Chain, tables: Tables) -> None:
    chain.deliver(D2, "a", "b")
    with pytest.raises(LsifError, match=f"ds={D2} was run and is still stale \\(copy, sum\\)"):
        cascade(tables, lambda ds: None, lambda ds: None)


def test_a_step_that_the_settings_have_no_more_is_nobodys_to_run(chain: Chain, tables: Tables) -> None:
    chain.deliver(D2, "a", "b")
    assert [one.step for one in stale_steps(tables, {"sum"})] == ["copy"]
    assert cascade(tables, chain.night, chain.night, {"copy", "sum"}) == 0
    plain = load_settings()
    assert no_longer_made(plain) == {"item_lists"}
    assert (
        no_longer_made(plain.model_copy(update={"item_lists": ItemLists.model_validate({"similar_items": {}})}))
        == set()
    )


def step(tables: Tables, name: str, ds: str, reads: str, writes: str = "") -> None:
    """Run a step that reads one day of a table, and writes that of another or nothing."""
    job = job_of(tables, ds)

    def work(job: Job) -> Counts:
        if not writes:
            return Counts(0, 0)
        writer = tables.writer(writes)
        writer.write(ds, tables.schema(writes).empty_table())
        return Counts(None, writer.commit())

    run_step(name, job, lambda job: tables.fingerprints(reads, [ds]), work)


def test_what_follows_further_down_is_stale_too(chain: Chain, tables: Tables) -> None:
    step(tables, "report", D2, reads="metrics_daily", writes="user_tiles")
    step(tables, "mail", D2, reads="user_tiles")
    chain.deliver(D2, "a", "b")
    assert [one.because for one in stale_steps(tables) if one.step == "mail"] == [f"follows report {D2}"]


def test_who_wrote_a_day_before_somebody_else_did_has_no_followers(chain: Chain, tables: Tables) -> None:
    step(tables, "early", D2, reads="item_tiles", writes="user_tiles")
    step(tables, "late", D2, reads="feedback", writes="user_tiles")
    step(tables, "reader", D2, reads="user_tiles")
    chain.deliver(D2, "a", "b", "c")
    chain.night(D2)
    assert [one.step for one in stale_steps(tables)] == ["early"], "late has other rows to read only if copy has"


def test_days_come_in_order_whatever_ran_first(tables: Tables) -> None:
    chain = Chain(tables)
    for ds in (D1, D3, D2):
        chain.deliver(ds, "a")
        chain.night(ds)
    chain.deliver(D1, "a", "b")
    found = [(one.ds, one.step) for one in stale_steps(tables)]
    assert found == [(D1, "copy"), (D1, "sum"), (D2, "sum"), (D3, "sum")]


def test_a_run_that_failed_changes_nothing(chain: Chain, tables: Tables) -> None:
    chain.deliver(D2, "a", "b")
    before = stale_steps(tables)

    def fails(job: Job) -> Counts:
        raise LsifError("no")

    job = job_of(tables, D2)
    with pytest.raises(LsifError):
        run_step("copy", job, lambda job: tables.fingerprints("item_tiles", [D2]), fails)
    assert stale_steps(tables) == before != []


def test_a_days_training_follows_its_night(chain: Chain, tables: Tables) -> None:
    def training(ds: str) -> None:
        chain.ran.append(f"training {ds}")
        step(tables, "train", ds, reads="feedback")

    training(D2)
    chain.ran.clear()
    chain.deliver(D2, "a", "b")
    assert cascade(tables, chain.night, training) == 3
    assert chain.ran == [f"copy {D2}", f"sum {D2}", f"training {D2}", f"sum {D3}"]
