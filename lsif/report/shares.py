"""What the lists rest on: long and short interest, popularity, rules; and alpha, the long share of each list."""

from lsif.engine import engine
from lsif.report.blocks import Bars, Block, Distributions, Grid, Section, Stack, Stacks, number, text
from lsif.report.night import Night, Row
from lsif.report.numbers import count, percent
from lsif.report.texts.words import Words

PARTS = ("long", "short", "popularity", "rule")
BINS = 10
SHARES = f"""SELECT list, {", ".join(f"avg({part}_share) AS {part}" for part in PARTS)}, count(*) AS rows
FROM recommendations WHERE ds = '{{ds}}' GROUP BY list ORDER BY list"""
ALPHA = f"""SELECT list, least(floor(alpha * {BINS}), {BINS - 1})::INT AS bin, count(*) AS users, sum(alpha) AS total
FROM recommendations WHERE ds = '{{ds}}' AND rank = 1 AND alpha IS NOT NULL GROUP BY ALL ORDER BY ALL"""
REASONS = """SELECT list, coalesce(reason_code, '') AS reason_code, count(*) AS rows
FROM recommendations WHERE ds = '{ds}' GROUP BY ALL ORDER BY list, rows DESC"""
WANTED = ["list", "rank", "alpha", "reason_code", "ds", *(f"{part}_share" for part in PARTS)]


def shares(night: Night, say: Words) -> Section:
    if not night.published:
        return Section("shares", say("shares"), say("shares_none"))
    means, alphas, reasons = _asked(night, SHARES), _asked(night, ALPHA), _asked(night, REASONS)
    names = night.lists({row["list"] for row in means})
    by_list = {row["list"]: row for row in means}
    blocks: list[Block] = [
        Stacks(
            say("shares_parts"), [say(f"part_{part}") for part in PARTS], [_stack(by_list[name], say) for name in names]
        ),
        Distributions(say("shares_alpha"), [_alpha(name, alphas, say) for name in names if _any(name, alphas)]),
        _reasons(names, reasons, say),
    ]
    queries = tuple(query.format(ds=night.ds) for query in (SHARES, ALPHA, REASONS))
    return Section("shares", say("shares"), say("shares_lead"), blocks, queries)


def _asked(night: Night, query: str) -> list[Row]:
    with engine() as sql:
        sql.register("recommendations", night.tables.scan("recommendations", [night.ds]).scanner(columns=WANTED))
        rows: list[Row] = sql.sql(query.format(ds=night.ds)).to_arrow_table().to_pylist()
        return rows


def _any(name: str, rows: list[Row]) -> bool:
    return any(row["list"] == name for row in rows)


def _stack(row: Row, say: Words) -> Stack:
    parts = [max(row[part] or 0.0, 0.0) for part in PARTS]
    whole = sum(parts) or 1.0
    told = say.listed([f"{say(f'part_{part}')} {percent(one / whole)}" for part, one in zip(PARTS, parts, strict=True)])
    texts = [percent(one / whole, 0) if one / whole > 0.08 else "" for one in parts]
    return Stack(say.name(row["list"]), [one / whole for one in parts], texts, told)


def _alpha(name: str, rows: list[Row], say: Words) -> Bars:
    own = {row["bin"]: row for row in rows if row["list"] == name}
    users = sum(row["users"] for row in own.values())
    mean = sum(row["total"] for row in own.values()) / users
    top = max(row["users"] for row in own.values())
    heights = [own[one]["users"] / top if one in own else 0.0 for one in range(BINS)]
    told = say("alpha_told", list=say.name(name), mean=f"{mean:.2f}", users=count(users))
    return Bars(told, heights, say("alpha_short"), say("alpha_long"), told)


def _reasons(names: list[str], rows: list[Row], say: Words) -> Grid:
    codes = list(dict.fromkeys(row["reason_code"] for row in sorted(rows, key=lambda row: -row["rows"])))
    counted = {(row["list"], row["reason_code"]): row["rows"] for row in rows}
    total = {name: sum(row["rows"] for row in rows if row["list"] == name) for name in names}
    grid = [
        [
            text(say.name(f"reason.{code}") if f"reason.{code}" in say.names else say.name(code or "unnamed")),
            *(number(percent(counted.get((name, code), 0) / total[name])) for name in names),
        ]
        for code in codes
    ]
    return Grid(say("shares_reasons"), [say("col_reason"), *(say.name(name) for name in names)], grid, folded=True)
