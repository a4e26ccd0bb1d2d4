"""Reaching a destination: what the environment keeps stays there, and away is told from refused."""

import pytest
import sqlalchemy as sa
import valkey

from lsif.delivery import opened
from lsif.delivery.places import filled
from lsif.destinations import Destination
from lsif.errors import LsifError, OutageError
from tests.away import away
from tests.delivery.conftest import Given, Target, many, of_day

DS = "2017-10-27"


def test_what_the_environment_keeps_fits_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "p@ss:w/rd%")
    monkeypatch.setenv("PLACE", "db:5432")
    assert filled("shop", "postgresql://me:${WORD}@${PLACE}/x") == (
        "postgresql://me:p%40ss%3Aw%2Frd%25@db:5432/x",
        ["p@ss:w/rd%", "db:5432", "p%40ss%3Aw%2Frd%25"],
    )
    monkeypatch.setenv("ALL", "redis://:a%40b@cache/0")
    assert filled("shop", "${ALL}")[0] == "redis://:a%40b@cache/0"
    monkeypatch.delenv("ALL")
    with pytest.raises(LsifError, match=r"^shop wants ALL in the environment, which is not set: its url is \$\{ALL\}$"):
        filled("shop", "${ALL}")


@pytest.mark.parametrize("how", ["refused", "silent"])
@pytest.mark.parametrize(("to", "scheme"), [("sql", "postgresql"), ("redis", "redis")])
def test_a_database_that_is_away_is_an_outage(to: str, scheme: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsif.delivery.places.SECONDS", 2.0)  # psycopg2 takes no less
    monkeypatch.setenv("WORD", "hush-hush")
    with away(how) as address:
        url = address.replace("http://", f"{scheme}://me:${{WORD}}@") + "/0"
        with pytest.raises(OutageError, match=r"^shop \(\w+://me:\$\{WORD\}@127.*\): [^\n]+$") as told:
            look(Destination.model_validate({"to": to, "url": url}))
    assert "hush" not in str(told.value)


def test_a_cache_that_refuses_the_password_is_none(redis: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "hush-hush")
    url = redis.destination.url.replace("redis://", "redis://me:${WORD}@")
    with pytest.raises(LsifError, match="invalid username-password pair") as told:
        look(redis.destination.model_copy(update={"url": url}))
    assert type(told.value) is LsifError and "hush" not in str(told.value)


@pytest.mark.parametrize(
    ("to", "url", "line"),
    [
        ("sql", "postgresql://me:p@ss@db:wrong/x", "a url of [deliver] is none that a database is reached by"),
        ("sql", "nonsense", "a url of [deliver] is none that a database is reached by"),
        ("sql", "mysql://db/x", 'to = "sql" knows postgresql and sqlite, not mysql'),
        ("sql", "sqlite://", "a url of [deliver] names no file"),
        ("redis", "http://db/x", "a url of [deliver] begins with redis://"),
    ],
)
def test_a_url_that_leads_nowhere_is_one_line_without_it(
    to: str, url: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL", url)
    with pytest.raises(LsifError) as told:
        look(Destination.model_validate({"to": to, "url": "${ALL}"}))
    assert line in str(told.value) and "ss@db" not in str(told.value)


def test_a_driver_that_says_the_password_is_not_repeated(redis: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL", redis.destination.url.replace("redis://", "redis://:p%40ss@"))
    with pytest.raises(LsifError) as told, opened("shop", redis.destination.model_copy(update={"url": "${ALL}"})):
        raise valkey.ResponseError("no p@ss, not even p%40ss")
    assert str(told.value) == f"shop (${{ALL}} {redis.destination.prefix}): no …, not even …"


def test_what_postgresql_adds_of_rows_is_not_repeated(postgres: Target) -> None:
    twice = Given("2017-10-27", many(1))
    twice._tables_of *= 2
    with pytest.raises(LsifError, match="could not create unique index") as told:
        postgres.deliver(twice)
    assert "u000" not in str(told.value) and "u000" in str(told.value.__cause__)


def look(destination: Destination) -> None:
    with opened("shop", destination) as place:
        place.live()


# --- PostgreSQL and its readers ---------------------------------------------------------------------------------------


def test_who_may_read_the_view_still_may_and_who_is_reading_is_not_disturbed(postgres: Target) -> None:
    view = postgres.destination.table
    postgres.deliver(Given(DS, many(2)))
    postgres.query("CREATE ROLE reader")
    postgres.query("GRANT USAGE ON SCHEMA marts TO reader")
    postgres.query(f"GRANT SELECT ON {view} TO reader")
    engine = sa.create_engine(postgres.destination.url.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.connect() as old:
        old.execute(sa.text("SET ROLE reader"))
        assert old.execute(sa.text(f"SELECT count(*) FROM {view}")).scalar() == 8
        old.rollback()
        postgres.deliver(Given("2017-10-28", many(3)))
        old.execute(sa.text("SET ROLE reader"))
        assert old.execute(sa.text(f"SELECT count(*) FROM {view}")).scalar() == 12


def test_a_reader_who_holds_the_view_makes_it_an_outage(postgres: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsif.delivery.sql.PATIENCE", "100ms")
    postgres.deliver(Given(DS, many(2)))
    engine = sa.create_engine(postgres.destination.url.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.connect() as reading:
        reading.execute(sa.text(f"SELECT count(*) FROM {postgres.destination.table}"))
        with pytest.raises(OutageError, match="lock timeout"):
            postgres.deliver(Given("2017-10-28", many(3)))
    assert postgres.lists() == of_day(DS, many(2)) and postgres.stored() == {"1"}
    postgres.deliver(Given("2017-10-28", many(3)))
    assert postgres.lists() == of_day("2017-10-28", many(3))


def test_a_view_of_other_columns_takes_the_place_of_the_old_one(target: Target) -> None:
    if target.destination.to == "redis":
        return
    target.deliver(Given(DS, many(2)))
    target.destination = target.destination.model_copy(update={"columns": ("item_id",)})
    target.deliver(Given("2017-10-28", many(3)))
    names = target.query(f"SELECT * FROM {target.destination.table}")[0]._fields
    assert names == ("user_id", "list", "rank", "item_id", "ds")


# --- Redis and time ---------------------------------------------------------------------------------------------------


def test_lists_end_when_no_night_follows_and_the_pointer_first(redis: Target) -> None:
    redis.deliver(Given(DS, many(2)))
    client, prefix = valkey.from_url(redis.destination.url), redis.destination.prefix
    hours = client.ttl(f"{prefix}:live"), client.ttl(f"{prefix}:1:for_you:u000")
    assert 3500 < hours[0] <= 3600 < hours[1] <= 7200
    client.delete(f"{prefix}:live")
    with opened("shop", redis.destination) as place:
        live = place.live()
    assert live and live.hours_left == 0
    assert redis.deliver(Given(DS, many(2))) == "load 2 is live"
    assert redis.lists() == of_day(DS, many(2))
