"""What was decided of experiments: the table `experiments`, which only grows.

An experiment's variants are written down by the first night that publishes it, and stay so: shares, salt or lists that
change on the way would mix what is to be told apart. A variant that was stopped stays stopped, on the nights after.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lsif.errors import LsifError
from lsif.experiment import Experiment
from lsif.tables import Tables

BEGAN, STOPPED = "began", "stopped"
NOTE = "experiment"
"""Under which what is staged keeps which variants were made of what."""
PLAN = ("variant", "share", "salt", "differs")
Row = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """Rows of one experiment, oldest first."""

    name: str
    rows: tuple[Row, ...] = ()

    @classmethod
    def read(cls, tables: Tables, experiment: Experiment | None) -> "Record":
        if experiment is None:
            return cls("")
        rows = tables.read("experiments", filter=pc.field("experiment") == experiment.name)
        return cls(experiment.name, tuple(rows.sort_by("seq").to_pylist()))

    @property
    def plan(self) -> list[Row]:
        return [{name: row[name] for name in PLAN} for row in self.rows if row["event"] == BEGAN]

    @property
    def stops(self) -> dict[str, str]:
        """Variant = the last night of which its own lists were made."""
        return {row["variant"]: row["ds"] for row in self.rows if row["event"] == STOPPED}

    @property
    def reasons(self) -> dict[str, tuple[str, str]]:
        """Variant = its last night, and why it was that."""
        return {row["variant"]: (row["ds"], row["reason"]) for row in self.rows if row["event"] == STOPPED}

    def stopped(self, ds: str) -> frozenset[str]:
        """Variants whose users get the control's lists on the night of `ds`."""
        return frozenset(name for name, day in self.stops.items() if day < ds)

    def check(self, experiment: Experiment) -> None:
        """
        Raises:
            LsifError: the experiment was begun with other variants.
        """
        if self.plan and self.plan != plan_of(experiment):
            raise LsifError(
                f"the experiment {self.name} began on {self.rows[0]['ds']} with {_told(self.plan)}, and the settings "
                f"say {_told(plan_of(experiment))}, or other lists: users would change sides; give it another name"
            )


def plan_of(experiment: Experiment) -> list[Row]:
    """What must not change once it has begun, by variant."""
    return [
        {
            "variant": name,
            "share": one.share,
            "salt": experiment.salted,
            "differs": json.dumps(one.model_dump(mode="json", exclude_unset=True, exclude={"share"}), sort_keys=True),
        }
        for name, one in sorted(experiment.variants.items())
    ]


def begin(tables: Tables, ds: str, name: str, plan: Sequence[Row]) -> None:
    """Write a plan down, unless one of that name is."""
    if not len(tables.read("experiments", filter=pc.field("experiment") == name)):
        _append(tables, [{"experiment": name, "ds": ds, "event": BEGAN, **row} for row in plan])


def stop(tables: Tables, ds: str, name: str, variant: str, reason: str) -> None:
    """From the night after `ds` on the variant's users get the control's lists, for ever."""
    _append(tables, [{"experiment": name, "ds": ds, "event": STOPPED, "variant": variant, "reason": reason}])


def _append(tables: Tables, rows: Sequence[Row]) -> None:
    seq = pc.max(tables.read("experiments", columns=["seq"])["seq"]).as_py() or 0
    numbered = [{"seq": seq + place, **row} for place, row in enumerate(rows, start=1)]
    tables.append("experiments", pa.Table.from_pylist(numbered, tables.schema("experiments")))


def _told(plan: Sequence[Row]) -> str:
    return ", ".join(f"{row['variant']} = {row['share']:g}" for row in plan) + f" and the salt {plan[0]['salt']!r}"
