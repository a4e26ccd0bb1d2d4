"""The audit of a night with an experiment: each variant's rows against what its own settings say of its own users."""

import json
from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from lsif.checks import Check
from lsif.errors import LsifError
from lsif.experiments.record import NOTE
from lsif.ranking.checks import LEVELS, Expected, audit
from lsif.ranking.hits import Hits

Missing = dict[str, int]


def missing_rows(notes: Mapping[str, str], variants: Collection[str | None]) -> dict[str | None, Missing]:
    """The rows that scoring says lists lack, by variant and list.

    Args:
        notes: of what is staged.

    Raises:
        LsifError: it was made of other variants than these.
    """
    if NOTE not in notes:
        made: dict[str | None, Missing] = {None: Hits.of(notes).missing()}
    else:
        made = {name: one["missing"] for name, one in json.loads(notes[NOTE])["variants"].items()}
    if made.keys() != set(variants):
        raise LsifError("what is staged is of another experiment than the settings': run score_users again")
    return made


def audit_variants(rows: pads.Dataset, expected: Mapping[str | None, Expected]) -> list[Check]:
    """`audit` of each variant's rows; of each check the worst verdict, with what every variant has to say.

    Raises:
        LsifError: rows belong to no variant.
    """
    if expected.keys() == {None}:
        return audit(rows, expected[None])
    of = pa.array(list(expected), pa.string())
    if strange := rows.count_rows(filter=~pc.field("variant").isin(of) | pc.field("variant").is_null()):
        raise LsifError(f"{strange:,} staged rows are of none of the variants {', '.join(of.to_pylist())}")
    found = {str(name): audit(rows.filter(pc.field("variant") == name), one) for name, one in expected.items()}
    return [_worst(dict(zip(found, checks, strict=True))) for checks in zip(*found.values(), strict=True)]


def _worst(by_variant: Mapping[str, Check]) -> Check:
    beyond = {name: check for name, check in by_variant.items() if check.verdict in LEVELS}
    first = next(iter(by_variant.values()))
    if not beyond:
        return first
    verdict = min((check.verdict for check in beyond.values()), key=LEVELS.index)
    note = "; ".join(f"{name}: {check.note}" for name, check in beyond.items())
    return Check(first.name, None, None, verdict, note)
