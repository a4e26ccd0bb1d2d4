"""A night with rules, by its jobs: lists, counts of what rules did, and who gets none."""

import json
from collections import Counter
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from lsif.cli import app
from lsif.config import load_settings
from lsif.days import day_before
from lsif.errors import LsifError
from lsif.features.text import text_sha256
from lsif.list_commands import because
from lsif.ranking.night import ways_at
from lsif.ranking.why import Way
from lsif.registry import Registry
from lsif.schema import TABLES
from lsif.tables.door import arrow_schema
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, Shop

pytest_plugins = ["tests.ranking.harness"]

USERS = """
[users]
path = "landing/users.csv"
format = "csv"
columns = { user_id = "id", opt_out = "no", attributes = ["country"] }
"""
RULES = """
[ranking]
opted_out = "popular"
blocked_users = "blocked.txt"

[ranking.rules]
where = "category <> 'c1'"
not_within = { purchase = 14 }
caps = [{ column = "category", most = 3 }]

[lists.for_you]
k = 12
rules.pins = [{ item = "i038", rank = 2, last = 2017-06-30 }]
rules.boosts = [{ where = "title in ('i007', 'i012')", add = 50.0 }]
rules.for_users = [{ users = "country = 'FR'", where = "category <> 'c2'" }]

[lists.buy_again]
items = "own"
k = 12

[lists.discover]
items = "new"
k = 12
rules.shown = { discount = 100.0, days = 3 }
rules.blocked_items = "items/{ds}.txt"
"""
CATEGORY = {row["item_id"]: row["category"] for row in shop.catalogue().to_pylist()}


@pytest.fixture
def ruled(champion: Shop) -> Shop:
    """The champion's shop with rules, tiles, and what is said of users."""
    file = champion.home / "shop.toml"
    file.write_text(file.read_text().partition("[lists]")[0] + USERS + RULES)
    (champion.home / "items").mkdir()
    (champion.home / "blocked.txt").write_text("u004\n\nnobody\n")
    for ds, said in ((shop.DS, "i003\n"), (NEXT_DAY, "i004\n")):
        (champion.home / "items" / f"{ds}.txt").write_text(said)
    tiles, days = champion.tables.writer("history_tiles"), [day_before(shop.DS, n) for n in range(-1, 50)]
    for ds in days:
        tiles.write(ds, tiles_of(ds))
    tiles.commit()
    users = champion.tables.writer("users")
    said = [
        {"user_id": user, "opt_out": user == "u005", "attributes": [{"name": "country", "value": country}]}
        for user, country in (("u001", "FR"), ("u002", "DE"), ("u005", "FR"))
    ]
    users.write(shop.DS, shop.table("users", said).drop_columns("ds"))
    users.commit()
    return champion


def tiles_of(ds: str) -> pa.Table:
    """Takings of one day as a row of `history_tiles` each; nobody in the made-up shop takes an item twice a day."""
    log = shop.events() + [(user, item, day + timedelta(days=7)) for user, item, day in shop.events()]
    took = sorted({(user, item) for user, item, day in log if day.isoformat() == ds})
    one = [{"day": ds, "event_type": "purchase", "n": 1, "weight": 1.0}]
    rows = [{"user_id": user, "item_id": item, "days": pa.scalar(one[0]["day"])} for user, item in took]
    day = pa.scalar(ds).cast(pa.date32()).as_py()
    for row in rows:
        row["days"] = [{**one[0], "day": day}]
    return pa.Table.from_pylist(rows, schema=arrow_schema(TABLES["history_tiles"], with_ds=False))


def rows_of(of: Shop, ds: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = of.tables.read("recommendations", [ds]).to_pylist()
    return rows


def test_a_night_keeps_its_rules_and_counts_what_they_did(ruled: Shop) -> None:
    ruled.night()
    rows = rows_of(ruled, shop.DS)
    users = {row["user_id"] for row in rows}
    assert "u004" not in users and {"u001", "u005"} <= users, "who is blocked gets no list"
    assert {row["generator"] for row in rows if row["user_id"] == "u005"} == {"popular"}, "who opted out, no profile"
    categories = [CATEGORY[str(row["item_id"])] for row in rows]
    assert "c1" not in categories
    lately = {(user, item) for user, item, day in shop.events() if (shop.TODAY - day).days < 14 and day <= shop.TODAY}
    assert not lately & {(row["user_id"], row["item_id"]) for row in rows}, "what was had within 14 days is not there"
    counts = pa.table(
        {"user": [f"{row['list']} {row['user_id']} {c}" for row, c in zip(rows, categories, strict=True)]}
    )
    assert pc.max(counts.group_by("user").aggregate([("user", "count")])["user_count"]).as_py() == 3
    french = [row for row in rows if row["user_id"] in ("u001", "u005") and row["list"] == "for_you"]
    assert french and not any(CATEGORY[str(row["item_id"])] == "c2" for row in french)
    second = [row for row in rows if (row["list"], row["rank"]) == ("for_you", 2) and row["reason_code"] == "pinned"]
    assert {row["item_id"] for row in second} == {"i038"} and len(second) > 20
    raised = [row for row in rows if row["rule_part"] == 50.0]
    assert raised and {row["item_id"] for row in raised} <= {"i007", "i012"}
    assert all(row["item_id"] != "i003" for row in rows if row["list"] == "discover")
    hits = {(row["list"], row["rule"]): row for row in ruled.tables.read("list_rule_hits", [shop.DS]).to_pylist()}
    assert hits["for_you", "pins"]["rows"] == sum(row["reason_code"] == "pinned" for row in rows)
    assert hits["for_you", "boosts"]["rows"] == len(raised)
    assert {"where", "not_within", "cap category"} <= {rule for _, rule in hits}
    missing = 12 * len(users) - sum(row["list"] == "for_you" for row in rows)
    assert hits.get(("for_you", "too_few_items"), {"rows": 0})["rows"] == missing


def test_what_was_shown_and_not_taken_makes_room(ruled: Shop) -> None:
    for ds in (shop.DS, NEXT_DAY):
        ruled.night(ds)
    before, after = (
        {(row["user_id"], row["item_id"]) for row in rows_of(ruled, ds) if row["list"] == "discover"}
        for ds in (shop.DS, NEXT_DAY)
    )
    low = [row for row in rows_of(ruled, NEXT_DAY) if row["list"] == "discover" and row["rule_part"] == -100.0]
    assert {(row["user_id"], row["item_id"]) for row in low} == before & after
    assert len(before & after) < 0.5 * len(after)
    assert "i004" not in {item for _, item in after}, "the file of the day"
    assert "nothing to do" in ruled.run("score_users", ds=NEXT_DAY)
    (ruled.home / "items" / f"{NEXT_DAY}.txt").write_text("i006\n")
    assert "nothing to do" not in ruled.run("score_users", ds=NEXT_DAY), "the file is one of the inputs"


def test_rows_that_rotate_were_in_no_list_of_the_last_nights(ruled: Shop) -> None:
    file = ruled.home / "shop.toml"
    file.write_text(
        file.read_text().replace("rules.shown =", "rules.rotate = { share = 0.25, days = 3 }\nrules.shown =")
    )
    for ds in (shop.DS, NEXT_DAY):
        ruled.night(ds)
    first, second = (
        [row for row in rows_of(ruled, ds) if row["list"] == "discover" and row["user_id"] != "u005"]
        for ds in (shop.DS, NEXT_DAY)
    )
    turned = [row for row in second if row["reason_code"] == "rotated"]
    assert turned and {row["rank"] for row in turned} <= {4, 8, 12}
    assert not {(r["user_id"], r["item_id"]) for r in turned} & {(r["user_id"], r["item_id"]) for r in first}
    assert all(0 < float(str(row["propensity"])) <= 1 for row in turned)
    (hits,) = ruled.tables.read("list_rule_hits", [NEXT_DAY], filter=pc.field("rule") == "rotate").to_pylist()
    assert hits["rows"] == sum(row["reason_code"] == "rotated" for row in rows_of(ruled, NEXT_DAY))
    settings, trained = load_settings(), Registry().load("1")
    for row in turned[:2]:
        user, item = str(row["user_id"]), str(row["item_id"])
        ways = ways_at(ruled.tables, NEXT_DAY, settings, trained, user, item)
        assert [one.rank for one in ways if one.name == "discover"] == [row["rank"]], "by the whole catalogue, too"


def test_rules_that_cannot_hold_tonight_stop_the_night_in_a_line(ruled: Shop) -> None:
    (ruled.home / "items" / f"{shop.DS}.txt").unlink()
    assert f"items/{shop.DS}.txt, which cannot be read" in ruled.run("score_users", code=2)
    (ruled.home / "items" / f"{shop.DS}.txt").write_text("")
    file = ruled.home / "shop.toml"
    file.write_text(file.read_text().replace("category <> 'c1'", "category <> 'c1' and item_id <> 'i038'"))
    assert "lists.for_you: i038 is pinned, and where keeps it out" in ruled.run("score_users", code=2)


def test_why_tells_the_way_that_the_night_went(ruled: Shop) -> None:
    ruled.night()
    listed = {(row["list"], row["user_id"], row["item_id"]): row["rank"] for row in rows_of(ruled, shop.DS)}
    settings, seen = load_settings(), set()
    trained = Registry().load("1")
    asked = {"u001": ("i003", "i007", "i038", "i002"), "u005": ("i007", "i000")}
    for user, items in asked.items():
        for item in items:
            for one in ways_at(ruled.tables, shop.DS, settings, trained, user, item):
                assert one.rank == listed.get((one.name, user, item)), (user, item, one)
                left = sum(step is not None for step in (one.rank, one.closed, one.limit))
                assert left <= 1 and (one.place is not None or not left)
                seen.add(because(one, settings.rules_of(one.name), 12).split(" ", 2)[1])
    assert seen >= {"filter", "candidate", "the", "category"}, "every step is met"
    row = next(row for row in rows_of(ruled, shop.DS) if row["evidence"])
    words = ["why", str(row["user_id"]), str(row["item_id"]), "--list", str(row["list"])]
    told = CliRunner().invoke(app, words).stdout
    assert all(part in told for part in (str(row["reason"]), f"{row['long_part']:.3f}", "in the list"))
    (said,) = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert [said[name] for name in ("rank", "reason")] == [row["rank"], row["reason"]]
    assert len(said["evidence"]) == len(row["evidence"])
    with pytest.raises(LsifError, match="user u004 gets no list"):
        ways_at(ruled.tables, shop.DS, settings, trained, "u004", "i003")
    with pytest.raises(LsifError, match="nobody knows item i999"):
        ways_at(ruled.tables, shop.DS, settings, trained, "u001", "i999")
    assert "no candidate of discover: the user has had it" in because(
        Way("discover", own=True), settings.rules_of("discover"), 12
    )


def test_rules_name_what_a_language_model_says_or_the_night_says_what_is_missing(champion: Shop) -> None:
    file = champion.home / "shop.toml"
    named = """
[llm]
model = "m"
[lists.for_you]
k = 12
rules.where = "kind = 'even'"
rules.caps = [{ column = "use", most = 2 }]
"""
    file.write_text(file.read_text().partition("[lists]")[0] + named)
    assert "rules of lists name kind, and no attributes of m@1 are known" in champion.run("score_users", code=2)
    items = shop.catalogue()
    of = {row["item_id"]: (("even", "odd")[n % 2], f"u{n % 12}") for n, row in enumerate(items.to_pylist())}
    rows = [
        {"text_sha256": key, "model": "m", "prompt_version": "1", "known_from": shop.DS, "kind": of[item][0]}
        | {"attributes": [{"name": "use", "value": of[item][1]}]}
        for key, item in zip(text_sha256(items["text"].to_pylist()), items["item_id"].to_pylist(), strict=True)
    ]
    champion.tables.append("item_attributes", shop.table("item_attributes", rows))
    champion.night()
    said = [(row["user_id"], *of[str(row["item_id"])]) for row in rows_of(champion, shop.DS)]
    assert {kind for _, kind, _ in said} == {"even"}
    assert max(Counter(said).values()) == 2 and len(said) > 100
    hits = champion.tables.read("list_rule_hits", [shop.DS]).to_pylist()
    assert {row["rule"] for row in hits} >= {"where", "cap use"}
