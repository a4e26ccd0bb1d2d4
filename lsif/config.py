"""Settings: small frozen models with defaults in code, overridden by one TOML file. A typo names the nearest key."""

import hashlib
import os
import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from lsif.bounds import Checks, Rules
from lsif.config_errors import explained
from lsif.destinations import Destination, check_destinations
from lsif.differential import check_private
from lsif.errors import LsifError
from lsif.experiment import Experiment, check_experiment, every_variant
from lsif.fairness import Fairness, check_fairness
from lsif.for_people import Report, Text, UserInterests
from lsif.list_rules import ListRules, together
from lsif.llm import Llm
from lsif.outcomes import Feedback, check_feedback
from lsif.private import Privacy, check_pseudonyms
from lsif.ranked_list import LISTS, ItemLists, Lists
from lsif.retention import Retention
from lsif.sources import Catalogue, Section, Source, Users


class Interests(Section):
    """What histories and windows hold."""

    half_lives_days: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)] = (7, 30, 60, 90, 180)
    row_half_life_days: PositiveFloat | None = None
    """The one of them by which a user's items and groups are ranked, and that weighs what item factors are made of;
    by default the middle one."""
    recent_days: PositiveInt = 28
    window_events: PositiveInt = 64
    history_items: PositiveInt = 128
    history_categories: PositiveInt = 32
    last_days: PositiveInt = 8
    """Distinct days kept per user and item: gaps and cadence follow from them."""
    popularity_days: PositiveInt = 56

    @model_validator(mode="after")
    def _ranks_by_one_of_them(self) -> Self:
        if self.row_half_life_days not in (None, *self.half_lives_days):
            known = ", ".join(f"{days:g}" for days in self.half_lives_days)
            raise ValueError(f"row_half_life_days = {self.row_half_life_days:g} is none of half_lives_days ({known})")
        return self

    @property
    def row_column(self) -> int:
        """The place of `row_half_life_days` among `half_lives_days`."""
        if self.row_half_life_days is None:
            return len(self.half_lives_days) // 2
        return self.half_lives_days.index(self.row_half_life_days)


def _known_encoder(setting: str) -> str:
    if not re.fullmatch(r"hashing|wordllama|multilingual|sentence-transformers:/.+|precomputed:(/|\w+://).+", setting):
        raise ValueError(
            "choose hashing, wordllama, multilingual, sentence-transformers:/FOLDER or precomputed:/FILE (or a URL)"
        )
    return setting


class Model(Section):
    encoder: Literal["transformer", "gru"] = "transformer"
    fusion: Literal["dual", "convex", "attention", "sum", "seed"] = "dual"
    width: PositiveInt = 64
    text_encoder: Annotated[str, AfterValidator(_known_encoder)] = "wordllama"
    """`hashing`, `wordllama`, `multilingual`, `sentence-transformers:FOLDER` or `precomputed:FILE`."""


class Training(Section):
    horizon_days: PositiveInt = 7
    cutoffs: Annotated[int, Field(ge=3)] = 16
    """Past cutoffs one horizon apart: the newest judges, the next stops early, the rest train."""
    targets: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Event types that a list is to foresee, in training, gate and metrics alike; by default all of positive weight."""
    examples: PositiveInt = 262_144
    """Users of all learning cutoffs together that are learned from; of more, so many are drawn."""
    seed: int = 20170101
    max_epochs: PositiveInt | None = None
    """Passes over the training cutoffs; by default 3, and 8 where the log is so small that one is under 100 steps."""
    batch_users: PositiveInt = 64
    learning_rate: PositiveFloat = 2e-3
    patience: PositiveInt = 2
    """Epochs in a row without a gain on the stopping cutoff, of the interests nor of the repeat term, that end it."""
    warm_start: bool = False
    """Begin with the champion's weights, if it saw nothing after the stopping cutoff and is of the same sizes."""


Interest = Literal["long", "short"]


class Ranking(Section):
    model: Literal["champion", "as_of"] = "champion"
    """`champion`: the alias at the first run of a day. `as_of`: the newest version trained only on days before it."""
    chunk_users: PositiveInt = 64
    """Users at once. Of more, what one step made is no longer in the cache when the next one reads it."""
    rules: ListRules = ListRules()
    """Of all lists."""
    opted_out: Literal["no_lists", "popular"] = "no_lists"
    """What users get of whom `[users]` says `opt_out`: nothing, or what is popular and nothing of their own."""
    blocked_users: str | None = None
    """File of ids of users who get no list, one a line; relative to LSIF_HOME, or a URL."""


class Gate(Section):
    list: str = "for_you"
    """The list that must win; none of the others may fall behind by more than the margin."""
    margin: NonNegativeFloat = 0.02
    """How far, relatively, a challenger's NDCG@10 may fall behind the champion's."""
    max_group_drop: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """How far, relatively, it may clearly fall for one of `[fairness] user_groups`, whatever becomes of the others."""


class Settings(Section):
    sources: dict[str, Source] = Field(min_length=1)
    event_types: dict[str, NonNegativeFloat] = Field(min_length=1)
    """Event type = weight. Only events of positive weight make a history."""
    catalogue: Catalogue | None = None
    """Without one, items are what the log names."""
    users: Users | None = None
    rules: Rules = Rules()
    checks: Checks = Checks()
    interests: Interests = Interests()
    model: Model = Model()
    training: Training = Training()
    ranking: Ranking = Ranking()
    lists: Lists = LISTS
    """The lists of every user by name; naming one in the file replaces all three."""
    item_lists: ItemLists | None = None
    """Lists beside every item, where they are wanted."""
    user_interests: UserInterests = UserInterests()
    text: Text = Text()
    report: Report = Report()
    gate: Gate = Gate()
    experiment: Experiment | None = None
    feedback: Feedback = Feedback()
    fairness: Fairness = Fairness()
    privacy: Privacy = Privacy()
    llm: Llm = Llm()
    retention: Retention = Retention()
    deliver: dict[str, Destination] = Field({})
    """Databases that published lists go to, by name."""
    home: Path
    """Root of everything that is written; from LSIF_HOME, never from the file."""
    tables: str
    """Root of the tables, a path or an object-store URL; from LSIF_TABLES."""

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        check_destinations(self.deliver, self.lists, self.item_lists.wanted if self.item_lists else ())
        check_feedback(self.feedback, self.event_types, self.users)
        if self.experiment:
            check_experiment(self.experiment, self.lists)
        check_fairness(self.fairness, self.catalogue, self.users)
        check_pseudonyms(self.privacy, self.users, self.rules.max_text)
        check_private(self.privacy, self.training.warm_start)
        happens = [name for name, weight in self.event_types.items() if weight > 0]
        if strange := [name for name in self.training.targets or () if name not in happens]:
            raise ValueError(
                f"training.targets: {strange[0]!r} is none of the event types of positive weight: {', '.join(happens)}"
            )
        return self

    @model_validator(mode="after")
    def _themes_are_texts(self) -> Self:
        if self.user_interests.columns != UserInterests().columns:
            from lsif.rule_columns import text_columns

            there = text_columns(self.catalogue)
            if strange := [name for name in self.user_interests.columns if name not in there]:
                raise ValueError(
                    f"user_interests.columns: the catalogue has no column of texts {strange[0]!r}; there are "
                    f"{', '.join(there)}"
                )
        return self

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        given = [self.ranking.rules, *(one.rules for one in self.lists.values())]
        given += [one.rules for one in self.item_lists.wanted.values()] if self.item_lists else []
        variants = dict(every_variant(self))
        given += [one.rules for of in variants.values() for one in of.lists.values()]
        if any(rules != ListRules() for rules in given):
            from lsif.rule_columns import check_rules

            every: dict[str, Settings] = {"": self, **variants}
            for where, of in every.items():
                try:
                    check_rules(of)
                except LsifError as error:
                    raise ValueError(f"experiment.variants.{where}.{error}" if where else str(error)) from error
        return self

    def rules_of(self, name: str) -> ListRules:
        """Of the list of that name, with those of all lists."""
        return together(self.ranking.rules, self.lists[name].rules)

    def item_rules_of(self, name: str) -> ListRules:
        """Of the list beside items of that name: its own, and what no list may hold.

        What all lists of users are raised by or capped at means nothing here: other scores, and rows that are alike.
        """
        for_all = self.ranking.rules
        filters = ListRules(where=for_all.where, blocked_items=for_all.blocked_items)
        return together(filters, self.item_lists.wanted[name].rules) if self.item_lists else filters

    def only(self, sections: Collection[str]) -> "Settings":
        """These sections and the places; whoever reads another one gets an AttributeError."""
        narrow = self.model_copy()
        for name in type(self).model_fields.keys() - {"home", "tables", *sections}:
            narrow.__dict__.pop(name, None)
        return narrow

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise AttributeError(f"[{name}] is none of the sections of the settings that this step names")
            return super().__getattr__(name)

    def fingerprint(self) -> str:
        """Hash of the sections that are here; where things lie changes no row, nor does a bound that was kept. What
        [privacy] changes, steps name among what they read."""
        without = {"home", "tables", "checks", "privacy"}
        without |= {"experiment"} if vars(self).get("experiment") is None else set()
        rows = self.model_dump_json(exclude=without)
        return hashlib.sha256(rows.encode()).hexdigest()[:16]

    def locate(self, path: str, ds: str | None) -> str:
        """`path` of a source, the catalogue or the users with its day filled in; a relative one starts at `home`."""
        filled = path
        for part, text in zip(("{yyyy}", "{mm}", "{dd}", "{ds}"), (*ds.split("-"), ds) if ds else (), strict=False):
            filled = filled.replace(part, text)
        return filled if "://" in filled else str(self.home / filled)


def project_folder() -> Path:
    return Path(os.environ.get("LSIF_PROJECT") or Path(__file__).resolve().parent.parent)


def home_folder() -> Path:
    return Path(os.environ.get("LSIF_HOME") or project_folder() / ".lsif").expanduser().absolute()


def config_file() -> Path:
    return Path(os.environ.get("LSIF_CONFIG") or project_folder() / "lsif.toml")


def load_settings(path: str | Path | None = None) -> Settings:
    """Read the TOML at `path` (default: LSIF_CONFIG, else the project's `lsif.toml`).

    Raises:
        LsifError: the file is missing, is no TOML, or holds an unknown key or a value that will not do.
    """
    file = Path(path) if path else config_file()
    try:
        given = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise LsifError(f"cannot read the configuration {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LsifError(f"{file} is not valid TOML: {error}") from error
    home = home_folder()
    places = {"home": home, "tables": os.environ.get("LSIF_TABLES") or str(home / "tables")}
    if misplaced := sorted(places.keys() & given.keys()):
        raise LsifError(f"{file}: {misplaced[0]} is set by LSIF_{misplaced[0].upper()}, not in the file")
    try:
        return Settings.model_validate({**given, **places})
    except ValidationError as error:
        raise LsifError(f"{file}: {'; '.join(explained(error, Settings))}") from error
