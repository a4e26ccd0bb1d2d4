"""What the night took: time, processor and memory by step, and what that is for a thousand users."""

from lsif.report.blocks import Block, Cell, Figure, Figures, Grid, Section, number, text
from lsif.report.night import Night, Row
from lsif.report.numbers import count, median, megabytes, seconds
from lsif.report.steps import last_by_step
from lsif.report.texts.words import Words

QUERY = """SELECT step, status, seconds, cpu_seconds, peak_memory_mb FROM runs
WHERE ds = '{ds}' QUALIFY row_number() OVER (PARTITION BY step ORDER BY seq DESC) = 1 ORDER BY seq"""
BEFORE = 7


def cost(night: Night, say: Words) -> Section:
    lines = list(night.lines.values())
    if not lines:
        return Section("cost", say("cost"), say("cost_none"))
    blocks: list[Block] = [Figures(_figures(night, lines, say)), _steps(lines, say)]
    return Section("cost", say("cost"), say("cost_lead"), blocks, (QUERY.format(ds=night.ds),))


def _figures(night: Night, lines: list[Row], say: Words) -> list[Figure]:
    usual = [value for value in (_sum(one, "seconds") for one in _nights_before(night)) if value]
    note = say("cost_usual", value=seconds(median(usual)), n=len(usual)) if usual else say("cost_first")
    total, peak = _sum(lines, "seconds"), max(row["peak_memory_mb"] for row in lines)
    figures = [Figure(say("cost_total"), seconds(total), note)]
    figures.append(Figure(say("cost_peak"), megabytes(peak), say("cost_peak_note")))
    users = night.reach.users if night.published else 0
    if users:
        cpu = _sum(lines, "cpu_seconds")
        told = say("cost_cpu_note" if cpu else "cost_users_note", users=count(users))
        figures.append(Figure(say("cost_users"), seconds(1000 * (cpu or total) / users), told))
    return figures


def _steps(lines: list[Row], say: Words) -> Grid:
    """A row for each step; processor and outcome where there is something to say of them."""
    top = max(row["seconds"] for row in lines) or 1.0
    has_cpu = any(row["cpu_seconds"] is not None for row in lines)  # an earlier release did not count it
    has_failed = any(row["status"] != "done" for row in lines)
    columns = ["step", "col_seconds", *["col_cpu"] * has_cpu, "col_memory", *["status"] * has_failed]

    def cells(row: Row) -> list[Cell]:
        cpu = number("" if row["cpu_seconds"] is None else seconds(row["cpu_seconds"]))
        outcome = text(say(f"status_{row['status']}"), "plain" if row["status"] == "done" else "bad")
        took = number(seconds(row["seconds"]), bar=row["seconds"] / top)
        memory = number(megabytes(row["peak_memory_mb"]))
        return [text(say.name(row["step"])), took, *[cpu] * has_cpu, memory, *[outcome] * has_failed]

    return Grid(say("cost_steps"), [say(name) for name in columns], [cells(row) for row in lines])


def _sum(lines: list[Row], name: str) -> float:
    return float(sum(row[name] or 0.0 for row in lines))


def _nights_before(night: Night) -> list[list[Row]]:
    """Lines of the nights before that published lists, the last of each step."""
    days = [ds for ds in night.tables.days("recommendations", last=night.ds) if ds in night.days and ds != night.ds]
    return [[*last_by_step(row for row in night.ledger if row["ds"] == ds).values()] for ds in days[-BEFORE:]]
