"""The users' contract: what a delivery says of users as rows of `users`, and what breaks a rule as `quarantine`."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from lsif.bounds import Rules
from lsif.intake.mapping import Mapped
from lsif.intake.masking import Masking
from lsif.interests.attributes import named_texts
from lsif.interests.listed import Door, Listed, judged
from lsif.interests.quarantine import USERS
from lsif.privacy.lines import opened
from lsif.sources import Users
from lsif.tables.erased import USER, Hidden


def judged_users(spark: SparkSession, users: Users, path: str, rules: Rules, mask: Masking | None = None) -> Listed:
    """Rows of `users` sorted by id, and what became of the others.

    A user listed twice is the first of the rows. A word that is no yes and no no is taken for an opt-out, and counted:
    nobody is shown lists by mistake. Attributes longer than `max_text` are cut, and counted. Rules: as `listed.judged`.
    """

    def columns(part: Mapped) -> tuple[dict[str, Column], dict[str, Column]]:
        opt_out, strange = part.flag("opt_out")
        attributes, is_lost = named_texts(part, rules)
        made = {"opt_out": F.coalesce(opt_out, strange), "attributes": attributes}
        return made, {"opt_out": strange, "attributes": is_lost}

    return judged(spark, Door(USERS, USERS, columns), users, path, rules, mask)


def without_users(listed: Listed, users: Hidden | None, mask: Masking | None = None) -> Listed:
    """The list without users who were erased, by their names or the ids behind them, as if it did not name them."""
    if users is None:
        return listed
    gone = users.among(listed.rows[USER])
    if mask and listed.sealed is not None:
        gone += [name for name, behind in opened(mask.key, listed.sealed) if users.holds(behind)]
    if not gone:
        return listed
    kept = listed.rows.filter(pc.invert(pc.is_in(listed.rows[USER].cast(pa.string()), value_set=pa.array(gone))))
    sealed = listed.sealed
    if sealed is not None:
        sealed = sealed.filter(pc.invert(pc.is_in(sealed[USER].cast(pa.string()), value_set=pa.array(gone))))
    return replace(listed, rows=kept, sealed=sealed, rows_in=listed.rows_in - len(listed.rows) + len(kept))
