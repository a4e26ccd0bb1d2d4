"""Two namings never meet, and what brings the tables from one to the other leaves nothing of the first."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lsif import cli
from lsif.config import load_settings
from lsif.privacy.key import made_key
from lsif.privacy.lines import held_keys
from lsif.privacy.naming import stored_user
from lsif.tables import Tables
from tests.jobs.conftest import Run, deliver, run
from tests.privacy.masked import PRIVACY, USERS
from tests.privacy.test_scan import D1, D2, D3, found_in, log

__all__ = ["run"]

INVOKE = CliRunner().invoke
PLANTED, OTHER = "eve-0815@example.org", "ann-0815@example.org"
NEEDLES = (b"0815@example",)
"""Not those of the scan, which looks into what Spark wrote aside: here ids come in as they are."""


def names(tables: Tables) -> set[str]:
    return set(tables.read("events")["user_id"].to_pylist())


@pytest.mark.long  # the past comes in four times
def test_from_ids_to_a_key_and_to_another(run: Run, home: Path, tables: Tables) -> None:
    plain = (home / "shop.toml").read_text() + USERS
    for ds in (D1, D2):
        log(home, ds, planted=(PLANTED, OTHER))
    run("import_past", "--from", D1, "--ds", D2)
    deliver(home, D3, f'11,"{PLANTED}",i1,wink,{D3}T10:00:00Z')
    run("ingest_events", "--ds", D3, code=2)
    kept = (home / "landing",)
    assert len(found_in(home, kept, NEEDLES)) > 2, "ids in events, quarantine and the ledger"

    (home / "shop.toml").write_text(plain + PRIVACY)
    key = made_key(home / "secret/privacy.key")
    told = run("ingest_events", "--ds", D2, code=2)
    assert "users of these tables are their ids" in told and "rotate-key" in told
    assert "rotate-key empties events, " in str(INVOKE(cli.app, ["rotate-key"]).exception)
    said = INVOKE(cli.app, ["rotate-key", "--yes"])
    assert key.id in said.output and f"import_past.py --from {D1} --ds {D2}" in said.output
    assert found_in(home, kept, NEEDLES) == []
    run("import_past", "--from", D1, "--ds", D2)
    first = names(tables)
    assert stored_user(load_settings(), PLANTED) in first and held_keys(tables) == {key.id}

    aside = home / f"secret/privacy.key.{key.id}"
    said = INVOKE(cli.app, ["rotate-key", "--yes"])
    assert str(aside) in said.output and aside.stat().st_mode & 0o077 == 0
    run("import_past", "--from", D1, "--ds", D2)
    assert len(names(tables)) == len(first) and not names(tables) & first
    assert found_in(home, kept, NEEDLES) == []

    aside.replace(home / "secret/privacy.key")
    assert "users of these tables are pseudonyms of the key" in run("ingest_events", "--ds", D2, code=2)
    assert "users of these tables are pseudonyms of the key" in str(INVOKE(cli.app, ["recs", PLANTED]).exception)
    (home / "shop.toml").write_text(plain)
    assert "is not true: set it again" in run("ingest_events", "--ds", D2, code=2)
    assert "there is no key to replace" in str(INVOKE(cli.app, ["rotate-key", "--yes"]).exception)


def test_a_day_delivered_again_keeps_the_way_back_of_others(run: Run, home: Path, tables: Tables) -> None:
    (home / "shop.toml").write_text((home / "shop.toml").read_text() + USERS + PRIVACY)
    made_key(home / "secret/privacy.key")
    for ds in (D1, D2):
        log(home, ds, planted=(PLANTED, OTHER))
        run("ingest_events", "--ds", ds)
    lines = tables.read("pseudonyms").sort_by("user_id")
    assert len(lines) == 8 and set(lines["ds"].to_pylist()) == {D1}
    deliver(home, D1, f"1,u1,i1,purchase,{D1}T10:00:00Z", f"2,new,i1,purchase,{D1}T10:00:00Z")
    run("ingest_events", "--ds", D1)
    again = tables.read("pseudonyms").sort_by("user_id")
    assert len(again) == 9 and set(map(str, lines.to_pylist())) < set(map(str, again.to_pylist()))
