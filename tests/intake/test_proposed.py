"""Strange files, proposed and checked: what runs as it is, and what is left to a person."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lsif.config import load_settings
from lsif.errors import LsifError
from lsif.intake.proposed import proposed, toml
from lsif.intake.sample import sampled
from lsif.interests.checked import Checked, checked
from lsif.screen import show_checked
from tests.jobs.conftest import bounds

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

START = datetime(2024, 3, 1, 9, tzinfo=UTC)


def moments(written: str) -> list[str]:
    return [(START + timedelta(hours=7 * n)).strftime(written) for n in range(120)]


def german(folder: Path) -> list[Path]:
    times = enumerate(moments("%d.%m.%Y %H:%M"))
    lines = [f"K{n % 9};Käse {n % 7};{at};{n % 5},50;{('view', 'kauf')[n % 2]}" for n, at in times]
    path = folder / "verkauf.csv"
    path.write_bytes("\r\n".join(["Kunde;Artikel;Zeit;Preis;Art", *lines]).encode("cp1252"))
    return [path]


def pipes(folder: Path) -> list[Path]:
    lines = [f"{n}|user{n % 9}|item-{n % 7}|{at}" for n, at in enumerate(moments("%Y-%m-%d %H:%M:%S+00"))]
    (folder / "clicks.txt").write_text("\n".join(["event_id|visitor_id|product_code|created_at", *lines]))
    return [folder / "clicks.txt"]


def nested(folder: Path) -> list[Path]:
    def order(n: int, at: str) -> dict[str, Any]:
        lines = [{"sku": f"s{n % 7}", "price": 2}, {"sku": "s9", "price": 1}]
        return {"order": {"no": f"o{n}"}, "customer": {"id": n % 9}, "at": at, "lines": lines}

    orders = [order(n, at) for n, at in enumerate(moments("%Y-%m-%dT%H:%M:%SZ"))]
    (folder / "orders.json").write_text(json.dumps(orders, indent=1))
    return [folder / "orders.json"]


def wide(folder: Path) -> list[Path]:
    times = [int((START + timedelta(hours=7 * n)).timestamp() * 1000) for n in range(120)]
    lines = [f'u{n % 9},"Thing, no {n % 7}",{at},NaN' for n, at in enumerate(times)]
    path = folder / "plays.csv"
    path.write_bytes("\n".join(["userId,trackName,playedTime,amount", *lines]).encode("utf-16"))
    return [path]


def tables(folder: Path) -> list[Path]:
    numbers = range(120)
    times = [START + timedelta(hours=7 * n) for n in numbers]
    loans = {"member": [n % 9 for n in numbers], "isbn_book": [str(n % 7) for n in numbers], "date": times}
    books = {"isbn_book": [str(n) for n in range(9)], "title": [f"Book {n}" for n in range(9)], "author": ["A"] * 9}
    pq.write_table(pa.table(loans), folder / "loans.parquet")
    pq.write_table(pa.table(books), folder / "books.parquet")
    (folder / "members.csv").write_text("member,city,age\n" + "\n".join(f"{n},Paris,{20 + n}" for n in range(9)))
    return [folder / "loans.parquet", folder / "books.parquet", folder / "members.csv"]


def ours(user: str, item: str, time: str, **others: str) -> dict[str, str]:
    return {"user_id": user, "item_id": item, "event_time": time, **others}


WANTED: dict[Any, dict[str, Any]] = {
    german: {"delimiter": ";", "encoding": "cp1252", "time_format": "%d.%m.%Y %H:%M", "decimal": ","},
    pipes: {"delimiter": "|", "columns": ours("visitor_id", "product_code", "created_at", event_id="event_id")},
    nested: {
        "json": "array",
        "columns": ours("customer.id", "lines[].sku", "at", event_id="order.no", value="lines[].price"),
    },
    wide: {"encoding": "utf-16", "columns": ours("userId", "trackName", "playedTime")},
    tables: {"columns": ours("member", "isbn_book", "date")},
}


@pytest.mark.parametrize("strange", WANTED, ids=lambda make: make.__name__)
def test_a_proposal_runs_as_it_is(
    spark: "SparkSession", home: Path, strange: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    files = strange(home)
    text = toml(proposed([sampled(str(file)) for file in files]))
    (source,) = tomllib.loads(text)["sources"].values()
    assert {name: source.get(name) for name in WANTED[strange]} == WANTED[strange]
    (home / "proposed.toml").write_text(text)
    found = list(checked(spark, load_settings(home / "proposed.toml"), None, 1000))
    assert [one.name.split(".")[0] for one in found] == ["catalogue", "users", "sources"][-len(files) :] or len(
        files
    ) == 1
    assert [line for one in found for line in one.wrong] == []
    rows = 240 if strange is nested else 120
    assert f"{rows} looked at: {rows} in, 0 duplicates, 0 rejected" in found[-1].facts["rows"]
    for one in found:
        show_checked(one)
    said = capsys.readouterr().out
    assert "event_time = " in said and "2024-03-01T09:00:00Z" in said and "a training wants" not in said


def proposal(*files: Path) -> dict[str, Any]:
    return tomllib.loads(toml(proposed([sampled(str(file)) for file in files])))


def test_headings_in_one_word_and_in_other_tongues(home: Path) -> None:
    at = moments("%d.%m.%Y %H:%M:%S")
    lines = [f"{n // 2:05d};{n % 9};{n % 7:03d};Öl {n % 7};{at[n]};{n % 5},50;Nachnahme" for n in range(120)]
    header = "Bestell-Nr.;Kundennummer;Artikelnummer;Artikelbezeichnung;Bestelldatum;Einzelpreis;Zahlweise"
    (home / "bestellungen.csv").write_bytes("\n".join([header, *lines]).encode("cp1252"))
    lines = [f"{n:03d};Öl {n};Kühlregal;Müller;{('ja', 'nein')[n % 2]}" for n in range(7)]
    header = "Artikelnummer;Bezeichnung;Warengruppe;Hersteller;Lieferbar"
    (home / "artikel.csv").write_bytes("\n".join([header, *lines]).encode("cp1252"))
    found = proposal(home / "bestellungen.csv", home / "artikel.csv")
    source, catalogue = found["sources"]["bestellungen"], found["catalogue"]
    columns = ours("Kundennummer", "Artikelnummer", "Bestelldatum", value="Einzelpreis")
    assert source["columns"] == columns | {"event_id": ["Bestell-Nr.", "Artikelnummer"]}
    assert (source["event_type"], source["decimal"]) == ("purchase", ",")
    assert (catalogue["true_values"], catalogue["false_values"]) == ("ja", "nein")
    del catalogue["columns"]["text"]
    assert list(catalogue["columns"].items()) == [
        ("item_id", "Artikelnummer"), ("title", "Bezeichnung"), ("category", "Warengruppe"), ("brand", "Hersteller"),
        ("available", "Lieferbar"),
    ]  # fmt: skip
    lines = [f"{moment},{n % 9},view,{n % 7},{n}" for n, moment in enumerate(moments("%Y-%m-%dT%H:%M:%SZ"))]
    (home / "events.csv").write_text("\n".join(["timestamp,visitorid,event,itemid,transactionid", *lines]))
    columns = ours("visitorid", "itemid", "timestamp", event_id="transactionid", event_type="event")
    assert proposal(home / "events.csv")["sources"]["events"]["columns"] == columns


def test_what_was_shown_weighs_nothing(tmp_path: Path) -> None:
    for kinds, weights in (
        (("impression", "view", "buy"), {"impression": 0.0, "view": 0.2, "buy": 1.0}),
        (("impression", "view"), {"impression": 0.0, "view": 1.0}),
    ):
        times = enumerate(moments("%Y-%m-%dT%H:%M:%SZ"))
        rows = [f"{n},u{n % 9},i{n % 7},{kinds[n % len(kinds)]},{at}" for n, at in times]
        (tmp_path / "log.csv").write_text("\n".join(["id,user,item,type,time", *rows]))
        assert proposal(tmp_path / "log.csv")["event_types"] == weights


def test_without_a_header_it_asks_which_column_is_whose(home: Path) -> None:
    at = [int((START + timedelta(hours=7 * n)).timestamp() * 1000) for n in range(120)]
    lines = [f"u{n % 9}\tt{n % 13}\t{at[n]}\t{('play', 'skip')[n % 2]}\t{n / 7:.3f}" for n in range(120)]
    (home / "plays.tsv").write_text("\n".join(lines))
    text = toml(proposed([sampled(str(home / "plays.tsv"))]))
    assert "# decide: no header says so: are users in column0 and items in column1, or the other way round?" in text
    (source,) = tomllib.loads(text)["sources"].values()
    assert source["columns"] == ours("column0", "column1", "column2", event_type="column3")
    assert (source["header"], source["names"][4], tomllib.loads(text)["event_types"]["skip"]) == (False, "column4", 0.0)


def test_a_list_is_of_what_it_holds_most_of(home: Path) -> None:
    """Where users and items both count from 0, ids alone do not say whose a list is."""
    lines = [f"{n},{n % 90},{n % 7},{at}" for n, at in enumerate(moments("%Y-%m-%d %H:%M:%S+00"))]
    (home / "reviews.csv").write_text("\n".join(["id,user_id,product_id,created_at", *lines]))
    lines = [f"{n},Thing {n},{('on', 'maybe')[n % 2]}" for n in range(7)]
    (home / "products.csv").write_text("\n".join(["id,name,is_active", *lines]))
    (home / "people.csv").write_text("\n".join(["id,city", *(f"{n},Rome" for n in range(90))]))
    found = proposal(home / "reviews.csv", home / "products.csv", home / "people.csv")
    columns = {"item_id": "id", "title": "name", "text": ["name"], "available": "is_active"}
    assert found["catalogue"]["columns"] == columns
    assert found["users"]["columns"] == {"user_id": "id", "attributes": ["city"]}
    assert found["event_types"] == {"review": 1.0}
    text = toml(proposed([sampled(str(home / f"{name}.csv")) for name in ("reviews", "products")]))
    assert "# decide: what means yes in is_active, and what no: maybe, on? (true_values, false_values)" in text


def test_what_it_cannot_know_it_asks(home: Path) -> None:
    text = toml(proposed([sampled(str(german(home)[0]))]))
    assert text.count("# decide:") == 3
    assert "whose clock" in text and "cp1252" in text and "two equal rows are one event" in text
    (home / "notes.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(LsifError, match=r"no file has a column of users, one of items and one of times"):
        proposed([sampled(str(home / "notes.csv"))])
    (home / "book.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(LsifError, match=r"absent\.csv cannot be read"):
        sampled(str(home / "absent.csv"))
    with pytest.raises(LsifError, match="is a zip archive"):
        sampled(str(home / "book.xlsx"))


@pytest.fixture
def shop(spark: "SparkSession", home: Path) -> Checked:
    (home / "landing" / "shop").mkdir(parents=True)
    (home / "landing" / "items.csv").write_text("id,title,category\n0001,[b]Tea[/b],drinks\n")
    header = "id,user,item,type,time"
    (home / "landing" / "shop" / "2024-03-01.csv").write_text(f"{header}\n1,u,1,purchase,yesterday\n")
    bounds(home, max_quarantined=0.3)
    rows = [f"{n},u{n % 2},1,purchase,2024-03-02T{n:02d}:00:00Z" for n in range(4)]
    (home / "landing" / "shop" / "2024-03-02.csv").write_text("\n".join([header, *rows, "9,u,1,wink,2024-03-02", "x"]))
    return list(checked(spark, load_settings(), None, 1000))[-1]


def test_the_newest_day_is_looked_at_and_what_is_wrong_is_told(shop: Checked) -> None:
    assert shop.facts["rows"] == "6 looked at: 4 in, 0 duplicates, 2 rejected"
    assert shop.facts["items that the catalogue knows"] == "0 of 1"
    assert shop.facts["repeats"] == "50% of events are of an item that the user had before"
    assert {line["rule"]: line["rows"] for line in shop.rejected} == {"unknown_type": 1, "unreadable": 1}
    assert shop.wrong == [
        "sources.shop: 1 of 6 rows break the rule unknown_type",
        "sources.shop: the catalogue knows none of its 1 items: are their ids written alike?",
    ]


def test_it_asks_for_no_more_than_a_night_does(spark: "SparkSession", home: Path) -> None:
    bounds(home, min_match=0.5)
    (home / "landing" / "shop").mkdir(parents=True)
    (home / "landing" / "items.csv").write_text("id,title,category\n9,Bun,a\n1,Tea,b\n,Milk,c\n2,Cup,d\n3,Pot,e\n")
    rows = [*(f"{n},u,{n},purchase,2024-03-02" for n in (1, 7, 8)), "4,u,7,wink,2024-03-02"]
    (home / "landing" / "shop" / "2024-03-02.csv").write_text("\n".join(["id,user,item,type,time", *rows]))
    catalogue, source = checked(spark, load_settings(), None, 1000)
    assert (catalogue.wrong, [line["rule"] for line in catalogue.rejected]) == ([], ["missing_id"])
    titles = [(line["before"], line["after"]) for line in catalogue.mapping if line["ours"] == "title"]
    assert titles == [("Bun, Tea, Milk", "Bun, Tea")], "the same rows, as they are in"
    assert source.wrong == ["sources.shop: the catalogue knows 1 of its 3 items: are their ids written alike?"]
