"""Settings of an experiment: variants of users' lists, who gets which, and on which nights."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from lsif.ranked_list import RankedList
from lsif.sources import Section

if TYPE_CHECKING:
    from lsif.config import Settings

CLOSE = 1e-9
"""How near to 1 shares must add up."""


class Variant(Section):
    """What is otherwise for some of the users; the one for whom nothing is, is the control."""

    share: Annotated[float, Field(gt=0, lt=1)]
    """Of the users."""
    model: str | None = None
    """Alias or number of a registered version; by default the one that scores everybody."""
    lists: dict[str, RankedList] = Field(default={})
    """What `[lists.NAME]` says otherwise; what is not said here stays."""

    @property
    def is_control(self) -> bool:
        return self.model is None and not self.lists


class Experiment(Section):
    """Users are told apart by a hash, and each variant's get lists of its own, from the first night to the last."""

    name: Annotated[str, Field(min_length=1)]
    salt: str | None = None
    """Of the hash; by default the name. Experiments of one salt part users alike."""
    first: date = Field(alias="from")
    through: date
    guard: Literal["click_through", "conversion"] | None = None
    """The rate over all lists that stops a variant which is surely worse than the control."""
    guard_drop: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """By how much of the control's rate it must be lower, beside being surely so."""
    variants: dict[str, Variant]

    @model_validator(mode="after")
    def _parts_users(self) -> Self:
        named = ", ".join(self.variants)
        if strange := [name for name in self.variants if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]:
            raise ValueError(f"a variant's name is of small letters, digits and _: not {strange[0]!r}")
        if len(self.variants) < 2:
            raise ValueError(f"an experiment has two variants or more, not only {named or 'none'}")
        if abs((whole := sum(one.share for one in self.variants.values())) - 1) > CLOSE:
            raise ValueError(f"the shares of the variants {named} add up to {whole:g}, not to 1")
        if len(controls := [name for name, one in self.variants.items() if one.is_control]) != 1:
            raise ValueError(f"one variant is the control and says only its share, not {', '.join(controls) or 'none'}")
        if self.first > self.through:
            raise ValueError(f"from = {self.first} is after through = {self.through}")
        return self

    @property
    def control(self) -> str:
        return next(name for name, one in self.variants.items() if one.is_control)

    @property
    def salted(self) -> str:
        return self.name if self.salt is None else self.salt

    def holds(self, ds: str, days_more: int = 0) -> bool:
        """Whether `ds` is one of its nights, or of the days after them."""
        return self.first <= date.fromisoformat(ds) <= self.through + timedelta(days=days_more)


def check_experiment(experiment: Experiment, lists: Mapping[str, RankedList]) -> None:
    """
    Raises:
        ValueError: a variant names a list that is none, or would make another kind of list of one.
    """
    for name, variant in experiment.variants.items():
        for of, change in variant.lists.items():
            where = f"experiment.variants.{name}.lists.{of}"
            if of not in lists:
                raise ValueError(f"{where}: there is no such list, but {', '.join(lists)}")
            if "items" in change.model_fields_set and change.items != lists[of].items:
                raise ValueError(f'{where}: a variant keeps items = "{lists[of].items}", by which the list is judged')
            if change.new_share is not None and lists[of].items != "all":
                raise ValueError(f'{where}: new_share goes with items = "all", not "{lists[of].items}"')


def of_variant(settings: "Settings", name: str) -> "Settings":
    """The settings by which a variant's lists are made; the control's are those of before, without an experiment."""
    assert settings.experiment
    changes = settings.experiment.variants[name].lists
    lists = {of: _changed(own, changes[of]) if of in changes else own for of, own in settings.lists.items()}
    return settings.model_copy(update={"lists": lists, "experiment": None})


def every_variant(settings: "Settings") -> Iterator[tuple[str, "Settings"]]:
    """Each variant with its settings; nothing without an experiment, or where a step does not read of one."""
    if (experiment := vars(settings).get("experiment")) is not None:
        yield from ((name, of_variant(settings, name)) for name in experiment.variants)


def on_night(settings: "Settings", ds: str, days_more: int = 0) -> "Settings":
    """The settings without an experiment that does not hold on `ds`: another night's changes nothing of it."""
    if settings.experiment is None or settings.experiment.holds(ds, days_more):
        return settings
    return settings.model_copy(update={"experiment": None})


def _changed(own: RankedList, change: RankedList) -> RankedList:
    said = {name: getattr(change, name) for name in change.model_fields_set - {"rules"}}
    rules = {name: getattr(change.rules, name) for name in change.rules.model_fields_set}
    return own.model_copy(update={**said, "rules": own.rules.model_copy(update=rules)})
