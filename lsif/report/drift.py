"""Whether what the model reads, and what it says, is still as before: the checks of [checks.drift]."""

from lsif.bounds import Drift, bounds_of
from lsif.report.blocks import Block, Grid, Section
from lsif.report.funnel import check_row
from lsif.report.night import Night
from lsif.report.texts.words import Words

CHECKS = bounds_of(Drift)
QUERY = """SELECT step, "check", value, bound, verdict, note FROM checks
WHERE ds = '{ds}' AND "check" IN ({checks}) ORDER BY ALL"""


def drift(night: Night, say: Words) -> Section:
    found = [row for row in night.checks if row["check"] in CHECKS]
    if not found:
        return Section("drift", say("drift"), say("drift_none"))
    beyond = [row for row in found if row["verdict"] != "pass"]
    within = [row for row in found if row["verdict"] == "pass"]
    columns = [say(name) for name in ("check", "verdict", "found", "bound")]
    blocks: list[Block] = []
    if beyond:
        blocks.append(Grid(say("drift_beyond"), columns, [check_row(row, say) for row in beyond]))
    if within:
        caption = say("drift_well", n=len(within))
        blocks.append(Grid(caption, columns, [check_row(row, say) for row in within], folded=True))
    lead = say("drift_lead", n=len(beyond), of=len(found)) if beyond else say("drift_still", of=len(found))
    query = QUERY.format(ds=night.ds, checks=", ".join(f"'{name}'" for name in CHECKS))
    return Section("drift", say("drift"), lead, blocks, (query,))
