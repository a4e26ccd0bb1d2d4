"""Whether what the model reads, and what it says, is still as before: the checks of [checks.drift]."""

from lsif.report.blocks import Block, Grid, Section
from lsif.report.funnel import check_row
from lsif.report.night import Night, Row
from lsif.report.texts.words import Words

CHECKS = ("missing_share", "unseen_categories", "source_drop", "category_drop")
QUERY = """SELECT step, "check", value, bound, verdict, note FROM checks
WHERE ds = '{ds}' AND ("check" LIKE 'psi%' OR ("check" LIKE '%_age_days' AND "check" <> 'max_age_days')
    OR "check" IN ('missing_share', 'unseen_categories', 'source_drop', 'category_drop')) ORDER BY ALL"""


def drift(night: Night, say: Words) -> Section:
    found = [row for row in night.checks if is_drift(row)]
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
    return Section("drift", say("drift"), lead, blocks, (QUERY.format(ds=night.ds),))


def is_drift(row: Row) -> bool:
    """`max_age_days` is of [catalogue] and [users], when their deliveries are taken in."""
    name: str = row["check"]
    return name in CHECKS or name.startswith("psi") or (name.endswith("_age_days") and name != "max_age_days")
