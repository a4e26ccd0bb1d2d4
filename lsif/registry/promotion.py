"""Moving the champion: one step forward after the gate, one step back when a night shows that it was wrong."""

from collections.abc import Mapping, Sequence

from lsif.errors import LsifError, Superseded
from lsif.failpoints import failpoint
from lsif.registry.registry import CHAMPION, PREVIOUS, Registry, Version

ROLLBACK_OF = "rollback of "
"""How the reason of a version begins that a rollback brought back."""


def promote(
    registry: Registry,
    chosen: str,
    ds: str,
    reason: str | None = None,
    force: bool = False,
    lost: Mapping[str, str] | None = None,
    late: Mapping[str, str] | None = None,
) -> str:
    """Make a version champion and the champion `previous`; returns a sentence about it.

    Args:
        chosen: version number or alias, usually `challenger`.
        ds: day of the decision; written into the version's tags with the reason.
        force: promote against the gate, or what a person took down; then `reason` must say why.
        lost: of deleted versions, what each was made of → its number.
        late: versions that learned from a user who was erased, and may not score any more → until when they could.

    Raises:
        LsifError: the gate did not pass the version, a person took it down, or force comes without a reason.
        Superseded: another promotion came first; its version is champion.
    """
    version, old = registry.version(chosen), registry.aliases().get(CHAMPION)
    if force and not reason:
        raise LsifError("--force promotes against the gate: say why with --reason")
    if not force and (why := held_back(registry, version, lost or {}, late or {})):
        raise LsifError(f"version {version.number} is not promoted, {why}; --force wants a --reason")
    if old == version.number:
        return f"version {version.number} is champion already"
    # `previous` moves first: were this to stop half-way, the champion would still be the old one.
    if old:
        registry.point(PREVIOUS, old)
    failpoint("after_previous")
    _decide(registry, version, "promoted", ds, reason or "the gate passed it")
    failpoint("after_decision")
    if (first := registry.aliases().get(CHAMPION)) != old:
        _decide(registry, version, "superseded", ds, f"version {first} was promoted in the same moment")
        raise lost_to(version.number, first)
    registry.point(CHAMPION, version.number)
    failpoint("after_champion")
    return f"version {version.number} is champion" + (f", version {old} is previous" if old else "")


def lost_to(number: str, first: str | None) -> Superseded:
    """What a promotion ends with beside another one."""
    return Superseded(f"version {number} is not champion: another promotion was made meanwhile, version {first} stands")


def held_back(
    registry: Registry, version: Version, lost: Mapping[str, str], late: Mapping[str, str] | None = None
) -> str | None:
    """Why nobody may promote it without force: the gate, or a person's decision on it or on one made of the same.

    A training that is run again makes a new version of the same data, settings and code; what was decided of the old
    one holds for it.
    """
    if by := (late or {}).get(version.number):
        return f"it learned from a user who was erased and could score until {by}: train a model without them"
    if (gate := version.tags.get("gate", "not run")) != "PASS":
        return f"gate: {gate} ({version.tags.get('gate_reasons', 'run jobs/gate.py first')})"
    made = version.made_of
    alike = [one for one in registry.versions() if one.made_of == made] if made else []
    for one in (version, *alike):
        if one.rolled_back:
            whose = "it" if one == version else f"version {one.number}, made of the same,"
            return f"{whose} was rolled back on {one.tags.get('decision_ds')} ({one.tags.get('decision_reason')})"
    return f"version {lost[made]}, made of the same, was deleted" if made and made in lost else None


def rollback(registry: Registry, ds: str, reason: str | None = None, before: Sequence[str] = ()) -> str:
    """Make champion what was champion before, and the champion `previous`; a second rollback undoes the first.

    Args:
        before: versions that were champion, the newest first; of those that are still there one is taken where
            `previous` is gone.

    Raises:
        LsifError: there is no previous champion to go back to.
    """
    aliases, there = registry.aliases(), {version.number: version for version in registry.versions()}
    wrong = there.get(aliases.get(CHAMPION, ""))
    line = [there[number] for number in (aliases.get(PREVIOUS, ""), *before) if number in there]
    right = next((version for version in line if version != wrong), None)
    if right is None:
        raise LsifError("there is no previous champion to go back to")
    if wrong:
        roll_back(registry, wrong, ds, reason or "no reason given")
    gone = f"version {wrong.number}" if wrong else "a version that is gone"
    _decide(registry, right, "promoted", ds, f"{ROLLBACK_OF}{gone}")
    registry.point(CHAMPION, right.number)
    failpoint("after_rollback")
    if not wrong:
        return f"version {right.number} is champion again"
    registry.point(PREVIOUS, wrong.number)
    return f"version {right.number} is champion again, version {wrong.number} is previous"


def rolled_back_by(registry: Registry, ds: str) -> tuple[str, str] | None:
    """The version that a rollback of `ds` took down, and the champion that it made; None where none did."""
    champion = registry.aliases().get(CHAMPION, "")
    version = next((one for one in registry.versions() if one.number == champion), None)
    if version is None or version.tags.get("decision_ds") != ds or not (wrong := back_from(version)):
        return None
    return wrong, champion


def back_from(version: Version) -> str | None:
    """The version whose rollback made this one champion, where that was the last decision on it."""
    _, is_back, wrong = version.tags.get("decision_reason", "").partition(f"{ROLLBACK_OF}version ")
    return wrong if is_back else None


def roll_back(registry: Registry, version: Version, ds: str, reason: str) -> None:
    """Take a version down: no machine promotes it again."""
    _decide(registry, version, "rolled_back", ds, reason)


def _decide(registry: Registry, version: Version, decision: str, ds: str, reason: str) -> None:
    """Write the newest decision on a version into its tags; the ledger keeps them all."""
    registry.tag(version, decision=decision, decision_ds=ds, decision_reason=reason)
