"""Ten users side by side, under pseudonyms: their history, what they did lately, and their lists."""

import string
from collections.abc import Iterable
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from lsif.engine import engine
from lsif.errors import LsifError
from lsif.features.known import Everyone, Users
from lsif.report.blocks import People, Person, Section
from lsif.report.blocks import Row as ListRow
from lsif.report.night import Night, Row
from lsif.report.numbers import count, shades
from lsif.report.texts.words import Words
from lsif.tables import Tables

SHOWN, ROWS, RECENT, WEEKS = 10, 5, 8, 26
DRAWN = f"""SELECT user_id FROM (SELECT DISTINCT user_id FROM recommendations WHERE ds = '{{ds}}' AND rank = 1)
ORDER BY md5(concat('{{ds}}', user_id)) LIMIT {SHOWN}"""
"""By lot, and the same ones whenever the page of a day is made."""


def people(night: Night, say: Words) -> Section:
    if not night.with_users:
        return Section("people", say("people"), say("people_without"))
    if not night.published:
        return Section("people", say("people"), say("people_none"))
    ids = drawn(night.tables, night.ds)
    try:
        known = Everyone(night.tables, night.ds, night.settings).of(pa.array(sorted(ids), pa.string()))
    except LsifError:  # tiles or windows of the day were thinned since
        return Section("people", say("people"), say("people_gone"))
    rows = night.tables.read("recommendations", [night.ds], LISTED, pc.field("user_id").isin(ids)).to_pylist()
    windows = {row["user_id"]: row["events"] for row in known.windows.to_pylist()}
    asked = {row["item_id"] for row in rows} | {
        one["item_id"] for window in windows.values() for one in window[-RECENT:]
    }
    titles = night.titles(asked)
    names = dict(zip(ids, string.ascii_uppercase, strict=False))
    shown = [
        _person(
            say("user_n", n=names[user]), night, _weeks(known, user, night.ds), windows.get(user, []), own, titles, say
        )
        for user in ids
        if (own := [row for row in rows if row["user_id"] == user])
    ]
    block = People(say("people_weeks", weeks=WEEKS), say("people_recent"), say("people_nothing"), shown)
    return Section("people", say("people"), say("people_lead", n=len(shown)), [block], (DRAWN.format(ds=night.ds),))


LISTED = ["list", "user_id", "rank", "item_id", "reason", "reason_code", "alpha"]


def drawn(tables: Tables, ds: str) -> list[str]:
    """Ids of the users who are shown, in the order of their pseudonyms."""
    with engine() as sql:
        rows = tables.scan("recommendations", [ds]).scanner(columns=["user_id", "rank", "ds"])
        sql.register("recommendations", rows)
        return [str(user) for (user,) in sql.sql(DRAWN.format(ds=ds)).fetchall()]


def _weeks(known: Users, user: str, ds: str) -> list[int]:
    """Days with something done, by week up to `ds`, the newest last; of each item the last days alone are known."""
    own = known.histories.filter(pc.field("user_id") == user)
    items = own["items"].to_pylist()[0] if len(own) else []
    days = {_as_date(day) for item in items for day in item["last_days"]}
    last = date.fromisoformat(ds)
    weeks = [0] * WEEKS
    for day in days:
        back = (last - day).days // 7
        if 0 <= back < WEEKS:
            weeks[WEEKS - 1 - back] += 1
    return weeks


def _as_date(day: date | int) -> date:
    return day if isinstance(day, date) else date(1970, 1, 1) + timedelta(days=day)


def _person(
    name: str, night: Night, weeks: list[int], window: list[Row], rows: list[Row], titles: dict[str, str], say: Words
) -> Person:
    alpha = next((row["alpha"] for row in rows if row["alpha"] is not None), None)
    told = say("person", days=sum(weeks), weeks=WEEKS, events=len(window), recent=night.settings.interests.recent_days)
    if alpha is not None:
        told += " " + say("person_alpha", alpha=f"{alpha:.2f}")
    recent = list(dict.fromkeys(_title(titles, one["item_id"]) for one in reversed(window)))[:RECENT]
    lists = [
        (
            say.name(of),
            [*_shown(sorted((r for r in rows if r["list"] == of), key=lambda r: int(r["rank"])), titles, say)],
        )
        for of in night.lists({row["list"] for row in rows})
    ]
    weeks_told = say("weeks_told", days=count(sum(weeks)), weeks=WEEKS, busy=sum(1 for one in weeks if one))
    return Person(name, told, shades(weeks), weeks_told, recent, lists)


def _shown(rows: list[Row], titles: dict[str, str], say: Words) -> Iterable[ListRow]:
    for row in rows[:ROWS]:
        code = f"reason.{row['reason_code']}"
        reason = row["reason"] or (say.name(code) if code in say.names else say.name(row["reason_code"] or "unnamed"))
        yield ListRow(_title(titles, row["item_id"]), reason)


def _title(titles: dict[str, str], item: str) -> str:
    """The id stands in where there is no title."""
    return titles.get(item, item)
