"""Which versions may score a day, best first."""

from dataclasses import dataclass

from lsif.registry.history import History
from lsif.registry.registry import CHAMPION, PREVIOUS, Registry, Version

AS_OF = "as_of"
RULES = (CHAMPION, AS_OF)


@dataclass(frozen=True)
class Wanted:
    """Which model a day asks for.

    Attributes:
        asked: version, alias or rule given by hand; wins.
        configured: `champion` or `as_of`, for the first run of a day.
        scored: version of the day's last scoring: a day keeps the version that it was scored with.
    """

    ds: str
    asked: str | None
    configured: str
    scored: str | None

    @property
    def rule(self) -> str:
        return self.asked or self.configured

    @property
    def pinned(self) -> str | None:
        return None if self.asked else self.scored


@dataclass(frozen=True)
class Standing:
    """Versions that may score, best first, none before any champion; `gone` says what should have been the first."""

    line: tuple[Version, ...]
    gone: str | None = None


def standing(registry: Registry, history: History, wanted: Wanted) -> Standing:
    """The line for a day: the version it was scored with, then what the rule gives.

    Raises:
        LsifError: there is no version of the name that was asked for.
    """
    if wanted.rule not in RULES:
        return Standing((registry.version(wanted.rule),))
    there = {version.number: version for version in registry.versions()}
    line, gone = _champions(registry.aliases(), there, history) if wanted.rule == CHAMPION else _as_of(there, wanted.ds)
    if wanted.pinned is None:
        return Standing(tuple(line), gone)
    if wanted.pinned in there:
        pinned = there[wanted.pinned]
        return Standing((pinned, *(version for version in line if version != pinned)))
    return Standing(tuple(line), f"version {wanted.pinned}, with which the day was scored, is gone from MLflow")


def _as_of(there: dict[str, Version], ds: str) -> tuple[list[Version], None]:
    """Trusted versions that learned from nothing after the days before `ds`, the newest first."""
    return sorted((v for v in there.values() if v.trusted and v.trained_through < ds), key=_age), None


def _champions(
    aliases: dict[str, str], there: dict[str, Version], history: History
) -> tuple[list[Version], str | None]:
    """The champion, and those before it that nobody took down; and what is amiss."""
    champion = there.get(aliases.get(CHAMPION, ""))
    numbers = dict.fromkeys([aliases.get(PREVIOUS, ""), *history.champions()])
    before = [there[n] for n in numbers if n in there and there[n] != champion and not there[n].rolled_back]
    if champion:
        return [champion, *before], None
    was = next(iter(history.champions()), None)
    if not before and was is None and not any("decision" in version.tags for version in there.values()):
        return [], None
    gone = f"the champion{f', version {was},' if was else ''} is gone from MLflow"
    left = "" if before else ", and so is all that was champion before and was not rolled back (`lsif promote N`)"
    return before, f"{gone}{left}"


def _age(version: Version) -> tuple[int, ...]:
    """Sorts by the newest day that was learned from, then by the newest number."""
    return (-int(version.trained_through.replace("-", "")), -int(version.number))
