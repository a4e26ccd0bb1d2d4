"""What the night took: seconds and memory by step, and what that is for a thousand users."""

from lsif.report.blocks import Block, Figure, Figures, Grid, Section, number, text
from lsif.report.night import Night, Row, last_by_step
from lsif.report.numbers import count, median, megabytes, seconds
from lsif.report.texts.words import Words
from lsif.report.verdict import reach

QUERY = """SELECT step, status, seconds, peak_memory_mb FROM runs
WHERE ds = '{ds}' QUALIFY row_number() OVER (PARTITION BY step ORDER BY seq DESC) = 1 ORDER BY seq"""
BEFORE = 7


def cost(night: Night, say: Words) -> Section:
    lines = [row for row in night.lines.values() if row["step"] != "report"]
    if not lines:
        return Section("cost", say("cost"), say("cost_none"))
    users = reach(night)[0] if night.published else 0
    total, peak = _seconds(lines), max(row["peak_memory_mb"] for row in lines)
    usual = [value for value in map(_seconds, _nights_before(night)) if value]
    note = say("cost_usual", value=seconds(median(usual)), n=len(usual)) if usual else say("cost_first")
    figures = [
        Figure(say("cost_total"), seconds(total), note),
        Figure(say("cost_peak"), megabytes(peak), say("cost_peak_note")),
    ]
    if users:
        figures.append(
            Figure(say("cost_users"), seconds(1000 * total / users), say("cost_users_note", users=count(users)))
        )
    top = max(row["seconds"] for row in lines) or 1.0
    failed = any(row["status"] != "done" for row in lines)
    grid = [
        [
            text(say.name(row["step"])),
            number(seconds(row["seconds"]), bar=row["seconds"] / top),
            number(megabytes(row["peak_memory_mb"])),
            *([text(say(f"status_{row['status']}"), "plain" if row["status"] == "done" else "bad")] if failed else []),
        ]
        for row in lines
    ]
    columns = [say(name) for name in ("step", "col_seconds", "col_memory", *(["status"] if failed else []))]
    blocks: list[Block] = [Figures(figures), Grid(say("cost_steps"), columns, grid)]
    return Section("cost", say("cost"), say("cost_lead"), blocks, (QUERY.format(ds=night.ds),))


def _seconds(lines: list[Row]) -> float:
    return float(sum(row["seconds"] for row in lines))


def _nights_before(night: Night) -> list[list[Row]]:
    """Lines of the nights before that published lists, the last of each step."""
    days = [ds for ds in night.tables.days("recommendations", last=night.ds) if ds in night.days and ds != night.ds]
    return [
        [*last_by_step(row for row in night.ledger if row["ds"] == ds and row["step"] != "report").values()]
        for ds in days[-BEFORE:]
    ]
