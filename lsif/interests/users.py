"""The users' contract: what a delivery says of users as rows of `users`, and what breaks a rule as `quarantine`."""

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from lsif.config import Rules
from lsif.intake.cells import any_of
from lsif.intake.mapping import Mapped
from lsif.interests.listed import Door, Listed, judged
from lsif.interests.quarantine import USERS
from lsif.sources import Users


def judged_users(spark: SparkSession, users: Users, path: str, rules: Rules) -> Listed:
    """Rows of `users` sorted by id, and what became of the others.

    A user listed twice is the first of the rows. A word that is no yes and no no is taken for an opt-out, and counted:
    nobody is shown lists by mistake. Attributes longer than `max_text` are cut, and counted. Rules: as `listed.judged`.
    """

    def columns(part: Mapped) -> tuple[dict[str, Column], dict[str, Column]]:
        opt_out, strange = part.flag("opt_out")
        found = [
            (name, F.left(text, F.lit(rules.max_text)), is_lost | (F.length(text) > rules.max_text))
            for name, text, is_lost in part.each("attributes")
        ]
        pairs = [F.struct(F.lit(name).alias("name"), text.alias("value")) for name, text, _ in found]
        empty = F.array().cast("array<struct<name: string, value: string>>")
        attributes = F.filter(F.array(*pairs), lambda pair: pair["value"].isNotNull()) if pairs else empty
        made = {"opt_out": F.coalesce(opt_out, strange), "attributes": attributes}
        return made, {"opt_out": strange, "attributes": any_of([is_lost for _, _, is_lost in found])}

    return judged(spark, Door(USERS, USERS, columns), users, path, rules)
