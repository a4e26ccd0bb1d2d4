"""The lists of a night, variant after variant, written together; without an experiment nobody is told apart."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from lsif.config import Settings
from lsif.drift.profile import Profile
from lsif.experiment import of_variant
from lsif.experiments.record import NOTE, plan_of
from lsif.experiments.served import Served, served_at
from lsif.features.evening import Evening, People
from lsif.features.known import Users
from lsif.ranking.night import evening_of, write_lists
from lsif.ranking.rows import NO_MODEL
from lsif.ranking.tally import Tally
from lsif.ranking.trained import TrainedModel
from lsif.ranking.user_facts import UserFacts
from lsif.rule_columns import heard_by_rules
from lsif.tables import Tables
from lsif.tables.write import Writer


@dataclass(frozen=True)
class Some:
    """Some of the people (sorted ids)."""

    people: People
    ids: pa.Array

    def blocks(self, ids: pa.Array) -> Iterator[Users]:
        """As those of all of them."""
        return self.people.blocks(ids)


@dataclass
class Written:
    """What was written of a night.

    Attributes:
        users: whom it could be for.
        tally: of all variants together.
        variants: name = whose lists its users get, by which model, and the rows that those lack by list.
    """

    users: int
    experiment: dict[str, Any] | None
    tally: Tally = field(default_factory=Tally)
    variants: dict[str, dict[str, Any]] = field(default_factory=dict)

    def notes(self) -> dict[str, str]:
        """For what is staged."""
        told = {NOTE: json.dumps({**self.experiment, "variants": self.variants})} if self.experiment else {}
        return self.tally.notes() | told

    def remark(self) -> str | None:
        """For the ledger, which keeps by which version each variant was made."""
        said = [f"{name} {one['users']:,} users by version {one['version']}" for name, one in self.variants.items()]
        return f"experiment {self.experiment['name']}: {', '.join(said)}" if self.experiment else None


def write_variants(
    writer: Writer, tables: Tables, ds: str, settings: Settings, models: Mapping[str | None, TrainedModel | None]
) -> Written:
    """Every user's lists, by the settings and the model of the variant that the user belongs to.

    Args:
        models: what a variant asks for = the model; under None the night's own.

    Raises:
        LsifError: as `write_lists`.
    """
    experiment = settings.experiment
    as_is = of_variant(settings, experiment.control) if experiment else settings
    at = evening_of(tables, ds, heard_by_rules(as_is), models[None])
    made = Written(len(at.people.ids), {"name": experiment.name, "plan": plan_of(experiment)} if experiment else None)
    for part in served_at(tables, ds, settings, at.people.ids):
        trained, own = models[part.model], heard_by_rules(part.settings)
        is_control = experiment is None or part.by == experiment.control
        evening = _only(at if is_control else evening_of(tables, ds, own, trained), part)
        tally = write_lists(writer, trained, evening, own, UserFacts(tables, ds, own), part.variant)
        if not is_control:  # nights are held against nights of the one model, with as many of everybody
            tally.profile = Profile()
        made.tally.take(tally)
        if part.variant:
            missing, version = tally.hits.missing(), trained.version if trained else NO_MODEL
            about = {"by": part.by, "version": version, "users": len(part.ids), "missing": missing}
            made.variants[part.variant] = about
    return made


def _only(at: Evening, part: Served) -> Evening:
    return at if part.variant is None else replace(at, people=Some(at.people, part.ids))
