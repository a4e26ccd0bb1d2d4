"""Whether what the model reads, and what it says, is still what it learned from: rows of `checks`."""

from lsif.report.blocks import Block, Grid, Section
from lsif.report.funnel import _check
from lsif.report.night import Night, Row
from lsif.report.texts.words import Words

MARKS = ("drift", "psi", "null", "unseen", "age", "shift")
QUERY = """SELECT step, "check", value, bound, verdict, note FROM checks
WHERE ds = '{ds}' AND (step LIKE '%drift%' OR regexp_matches("check", 'psi|null|unseen|age|shift')) ORDER BY ALL"""


def drift(night: Night, say: Words) -> Section:
    found = [row for row in night.checks if _is_drift(row)]
    if not found:
        return Section("drift", say("drift"), say("drift_none"))
    beyond = [row for row in found if row["verdict"] != "pass"]
    columns = [say(name) for name in ("check", "verdict", "found", "bound")]
    blocks: list[Block] = []
    if beyond:
        blocks.append(Grid(say("drift_beyond"), columns, [_check(row, say) for row in beyond]))
    rest = [row for row in found if row["verdict"] == "pass"]
    if rest:
        blocks.append(Grid(say("drift_well", n=len(rest)), columns, [_check(row, say) for row in rest], folded=True))
    lead = say("drift_lead", n=len(beyond), of=len(found)) if beyond else say("drift_still", of=len(found))
    return Section("drift", say("drift"), lead, blocks, (QUERY.format(ds=night.ds),))


def _is_drift(row: Row) -> bool:
    return "drift" in row["step"] or any(mark in row["check"] for mark in MARKS)
