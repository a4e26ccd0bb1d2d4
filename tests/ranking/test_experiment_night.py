"""A night with an experiment, by its jobs: each user gets the lists of their variant, the control's what they had."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from lsif.cli import app
from lsif.config import load_settings
from lsif.experiments.assignment import variants_of
from lsif.experiments.record import Record, stop
from lsif.registry import Registry
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, Shop

pytest_plugins = ["tests.ranking.harness"]

EXPERIMENT = f"""
[experiment]
name = "shorter"
from = {shop.DS}
through = {NEXT_DAY}
guard = "conversion"
[experiment.variants.as_is]
share = 0.5
[experiment.variants.shorter]
share = 0.5
model = "challenger"
lists.for_you = {{ k = 5, rules = {{ where = "category <> 'c1'" }} }}
"""
CATEGORY = {row["item_id"]: row["category"] for row in shop.catalogue().to_pylist()}
Rows = dict[str, pa.Table]


@pytest.fixture(scope="session")
def after_two(after_training: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LSIF_HOME with a champion, version 1, another version as challenger, and a night."""
    home = tmp_path_factory.mktemp("two") / "home"
    shutil.copytree(after_training, home)
    with pytest.MonkeyPatch.context() as patch:
        made = Shop(home, patch, None)
        made.promote_first()
        made.run("train", "--force")
        made.night()
    return home


@pytest.fixture
def plain(after_two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    """The test's own copy of it."""
    home = tmp_path / "home"
    shutil.copytree(after_two, home)
    return Shop(home, monkeypatch, capsys)


def begin(shop_: Shop, text: str = EXPERIMENT) -> None:
    file = shop_.home / "shop.toml"
    file.write_text(file.read_text().partition("[experiment]")[0] + text)


def by_variant(of: Shop, ds: str = shop.DS) -> Rows:
    rows = of.tables.read("recommendations", [ds])
    return {str(name): rows.filter(pc.equal(rows["variant"], name)) for name in ("as_is", "shorter")}


def counted(of: Shop) -> dict[tuple[str, str], int]:
    """How many numbers the night's profile holds of each measure."""
    rows = of.tables.read("night_profiles", [shop.DS]).to_pylist()
    return {(row["part"], row["measure"]): sum(row["counts"]) for row in rows}


def test_without_an_experiment_rows_are_as_they_were_and_the_control_keeps_them(plain: Shop) -> None:
    before = plain.tables.read("recommendations", [shop.DS])
    assert before["variant"].null_count == len(before) and not plain.tables.days("assignments")
    begin(plain, EXPERIMENT.replace(f"from = {shop.DS}", f"from = {NEXT_DAY}"))
    assert "nothing to do" in plain.run("score_users"), "an experiment of another night is nothing to this one"
    profile = counted(plain)
    begin(plain)
    plain.night()
    rows, settings = by_variant(plain), load_settings()
    of_control = counted(plain)
    assert of_control["items", "without_category"] == profile["items", "without_category"], "each item once"
    assert of_control["score", "for_you"] == len(rows["as_is"].filter(pc.field("list") == "for_you"))
    assert settings.experiment
    ids = pc.unique(before["user_id"]).sort()
    variants = variants_of(ids, settings.experiment)
    assert sum(len(of) for of in rows.values()) == plain.tables.rows("recommendations")[shop.DS]
    own = ids.filter(pc.equal(variants, "as_is"))
    was = before.filter(pc.is_in(before["user_id"], value_set=own))
    assert rows["as_is"].drop_columns("variant").equals(was.drop_columns("variant"))
    short = rows["shorter"]
    assert sorted(pc.unique(short["user_id"]).to_pylist()) == ids.filter(pc.equal(variants, "shorter")).to_pylist()
    of_you = short.filter(pc.equal(short["list"], "for_you"))
    assert pc.max(of_you["rank"]).as_py() == 5 and pc.max(short["rank"]).as_py() == 12
    assert "c1" not in {CATEGORY[item] for item in of_you["item_id"].to_pylist()}
    assert {name: pc.unique(of["model_version"]).to_pylist() for name, of in rows.items()} == {
        "as_is": ["1"],
        "shorter": ["2"],
    }


def test_a_night_keeps_its_variants_and_their_versions(plain: Shop) -> None:
    begin(plain)
    for ds in (shop.DS, NEXT_DAY):
        plain.night(ds)
    first = plain.tables.content_hash("recommendations", shop.DS)
    assigned = {ds: plain.tables.read("assignments", [ds]).drop_columns("ds") for ds in (shop.DS, NEXT_DAY)}
    assert assigned[shop.DS].num_rows > 20
    both = {
        ds: dict(zip(of["user_id"].to_pylist(), of["variant"].to_pylist(), strict=True)) for ds, of in assigned.items()
    }
    assert all(both[NEXT_DAY].get(user, variant) == variant for user, variant in both[shop.DS].items())
    assert assigned[shop.DS]["served"].equals(assigned[shop.DS]["variant"])
    Registry().point("challenger", "1")
    assert "nothing to do" in plain.run("score_users"), "the day keeps what scored it"
    plain.run("score_users", "--force")
    plain.run("audit_recommendations")
    plain.run("publish_recommendations")
    assert plain.tables.content_hash("recommendations", shop.DS) == first
    lines = plain.tables.read("runs", filter=pc.field("step") == "score_users").sort_by("seq").to_pylist()
    assert "experiment shorter: as_is" in lines[-1]["note"] and "by version 2" in lines[-1]["note"]
    assert lines[-1]["model_version"] == "1" and '"model/challenger": "2"' in lines[-1]["inputs"]


def test_what_has_begun_does_not_change(plain: Shop) -> None:
    begin(plain)
    plain.night()
    record = Record.read(plain.tables, load_settings().experiment)
    assert [(row["variant"], row["share"], row["ds"]) for row in record.rows] == [
        ("as_is", 0.5, shop.DS),
        ("shorter", 0.5, shop.DS),
    ]
    for change in ("share = 0.5", "share = 0.4"), ("k = 5", "k = 6"), ("name =", "salt = 'x'\nname ="):
        text = EXPERIMENT.replace(*change).replace("share = 0.4\nmodel", "share = 0.6\nmodel")
        begin(plain, text)
        assert "users would change sides; give it another name" in plain.run("score_users", ds=NEXT_DAY, code=2), change
    begin(plain, EXPERIMENT.replace(f"through = {NEXT_DAY}", "through = 2017-07-20"))
    plain.run("score_users", ds=NEXT_DAY)


def test_users_of_a_stopped_variant_get_the_controls_lists_from_the_next_night_on(plain: Shop) -> None:
    begin(plain)
    plain.night()
    first = plain.tables.content_hash("recommendations", shop.DS)
    stop(plain.tables, shop.DS, "shorter", "shorter", "by the test")
    plain.night()
    assert plain.tables.content_hash("recommendations", shop.DS) == first, "the night before is what it was"
    plain.night(NEXT_DAY)
    rows = by_variant(plain, NEXT_DAY)["shorter"]
    assert pc.unique(rows["model_version"]).to_pylist() == ["1"] and pc.max(rows["rank"]).as_py() == 12
    of_you = rows.filter(pc.equal(rows["list"], "for_you"))
    assert pc.max(of_you["rank"]).as_py() == 12
    assert pc.unique(plain.tables.read("assignments", [NEXT_DAY])["served"]).to_pylist() == ["as_is"]
    user = rows["user_id"][0].as_py()
    words = ["why", user, "i003", "--ds", NEXT_DAY]
    assert "variant shorter, with the lists of as_is" in CliRunner().invoke(app, words).stdout.replace("\n", " ")


def test_the_audit_holds_each_variant_against_its_own_settings(plain: Shop) -> None:
    begin(plain)
    plain.run("score_users")
    begin(plain, EXPERIMENT.replace("k = 5", "k = 4"))
    said = plain.run("audit_recommendations", code=2)
    assert "fail row_count: shorter: 5 rows in the list for_you of the user" in said and "as_is:" not in said
    begin(plain, EXPERIMENT.replace("0.5", "0.4", 1).replace("share = 0.5\nmodel", "share = 0.6\nmodel"))
    assert "nobody knows the user" in plain.run("audit_recommendations", code=2), "a user on the wrong side"
    begin(plain, "")
    assert "of another experiment than the settings'" in plain.run("audit_recommendations", code=2)


def test_people_are_told_by_the_settings_of_the_users_own_variant(plain: Shop) -> None:
    begin(plain)
    plain.night()
    rows = by_variant(plain)["shorter"].to_pylist()
    user = rows[0]["user_id"]
    listed = {(row["list"], row["item_id"]): row["rank"] for row in rows if row["user_id"] == user}
    told = plain.run("score_users", "--user", user)
    assert "c1" not in {CATEGORY[i] for (name, i), _ in listed.items() if name == "for_you"}
    assert all(item in told for _, item in listed)
    runner = CliRunner()
    out = next(item for item, of in CATEGORY.items() if of == "c1")
    said = runner.invoke(app, ["why", user, out, "--list", "for_you", "--json"])
    assert said.exit_code == 0 and '"closed": "where"' in said.stdout, said.output
    shown = runner.invoke(app, ["recs", user, "--ds", shop.DS]).stdout
    assert "model version 2, variant shorter" in shown.replace("\n", " ")
