"""From what was delivered to what was listed: rows, what rules did to lists, and what the night was held against."""

from lsif.report.blocks import Block, Cell, Grid, Say, Section, Tone, number, text
from lsif.report.night import Night, Row
from lsif.report.numbers import count, percent
from lsif.report.texts.words import Words
from lsif.report.verdict import why

INGEST, SCORE = "ingest_events", "score_users"
TONES: dict[str, Tone] = {"pass": "good", "warn": "warn", "accepted": "warn", "fail": "bad"}
ROWS = """SELECT step, status, rows_in, rows_out, duplicates, quarantined, note FROM runs
WHERE ds = '{ds}' ORDER BY seq"""
REJECTED = "SELECT rule, count(*) AS rows FROM quarantine WHERE ds = '{ds}' GROUP BY rule ORDER BY rows DESC"
HITS = "SELECT list, rule, rows, users FROM list_rule_hits WHERE ds = '{ds}' ORDER BY rows DESC"
HELD = 'SELECT step, "check", value, bound, verdict FROM checks WHERE ds = \'{ds}\' ORDER BY verdict, step, "check"'


def funnel(night: Night, say: Words) -> Section:
    if not night.lines:
        return Section("funnel", say("funnel"), say("funnel_none"))
    blocks: list[Block] = [*_rows(night, say), *_rejected(night, say), _rules(night, say), *_checks(night, say)]
    queries = tuple(query.format(ds=night.ds) for query in (ROWS, REJECTED, HITS, HELD))
    return Section("funnel", say("funnel"), say("funnel_lead"), [one for one in blocks if one], queries)


def _rows(night: Night, say: Words) -> list[Block]:
    came = night.lines.get(INGEST)
    grid: list[list[Cell]] = []
    if came and came["rows_in"] is not None:
        whole = max(came["rows_in"], 1)
        for name in ("rows_in", "duplicates", "quarantined", "rows_out"):
            value = came[name] or 0
            tone: Tone = "warn" if name == "quarantined" and value else "plain"
            grid.append([text(say(f"funnel_{name}")), number(count(value), tone, value / whole if value else None)])
    made = night.lines.get(SCORE)
    if made and made["status"] == "done":
        grid.append([text(say("funnel_users")), number(count(made["rows_in"]))])
        grid.append([text(say("funnel_listed")), number(count(made["rows_out"]))])
    return [Grid(say("funnel_rows"), [say("what"), say("rows")], grid)] if grid else []


def _rejected(night: Night, say: Words) -> list[Block]:
    rules = night.tables.read("quarantine", [night.ds], ["rule"]).group_by("rule").aggregate([([], "count_all")])
    grid = [
        [text(say.name(row["rule"])), number(count(row["count_all"]))]
        for row in sorted(rules.to_pylist(), key=lambda row: (-row["count_all"], row["rule"]))
    ]
    return [Grid(say("funnel_rejected"), [say("rule"), say("rows")], grid)] if grid else []


def _rules(night: Night, say: Words) -> Block:
    hits = night.tables.read("list_rule_hits", [night.ds]).to_pylist()
    if not hits:
        return Say(say("funnel_no_rules"))
    hits.sort(key=lambda row: (-row["rows"], row["list"], row["rule"]))
    top = max(row["rows"] for row in hits) or 1
    grid = [
        [
            text(f"{say.name(row['list'])} · {say.name(row['rule'])}"),
            number(count(row["rows"]), bar=row["rows"] / top),
            number(count(row["users"])),
        ]
        for row in hits
    ]
    return Grid(say("funnel_rules"), [say("rule"), say("rows"), say("users")], grid)


def _checks(night: Night, say: Words) -> list[Block]:
    columns = [say(name) for name in ("check", "verdict", "found", "bound")]
    beyond = [row for row in night.checks if row["verdict"] != "pass"]
    well = [row for row in night.checks if row["verdict"] == "pass"]
    blocks: list[Block] = []
    if beyond:
        blocks.append(Grid(say("checks_beyond"), columns, [check_row(row, say) for row in beyond]))
    if well:
        blocks.append(
            Grid(say("checks_well", n=len(well)), columns, [check_row(row, say) for row in well], folded=True)
        )
    return blocks


def check_row(row: Row, say: Words) -> list[Cell]:
    return [
        text(f"{say.name(row['step'])} · {why(row, say)}"),
        text(say(f"verdict_{row['verdict']}"), TONES[row["verdict"]]),
        number(_value(row["value"])),
        number(_value(row["bound"])),
    ]


def _value(value: float | None) -> str:
    if value is None:
        return ""
    return percent(value) if 0 <= value <= 1 and value % 1 else f"{value:,.4g}"
