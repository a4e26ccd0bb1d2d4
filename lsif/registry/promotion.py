"""Moving the champion: one step forward after the gate, one step back when a night shows that it was wrong."""

from lsif.errors import LsifError
from lsif.registry.registry import CHAMPION, PREVIOUS, Registry, Version


def promote(registry: Registry, chosen: str, ds: str, reason: str | None = None, force: bool = False) -> str:
    """Make a version champion and the champion `previous`; returns a sentence about it.

    Args:
        chosen: version number or alias, usually `challenger`.
        ds: day of the decision; written into the version's tags with the reason.
        force: promote against the gate; then `reason` must say why.

    Raises:
        LsifError: the gate did not pass the version, or force comes without a reason.
    """
    version, aliases = registry.version(chosen), registry.aliases()
    if force and not reason:
        raise LsifError("--force promotes against the gate: say why with --reason")
    gate = version.tags.get("gate", "not run")
    if gate != "PASS" and not force:
        why = version.tags.get("gate_reasons", "run jobs/gate.py first")
        raise LsifError(f"version {version.number} is not promoted, gate: {gate} ({why}); --force wants a --reason")
    old = aliases.get(CHAMPION)
    if old == version.number:
        return f"version {version.number} is champion already"
    # `previous` moves first: were this to stop half-way, the champion would still be the old one.
    if old:
        registry.point(PREVIOUS, old)
    _decide(registry, version, "promoted", ds, reason or "the gate passed it")
    registry.point(CHAMPION, version.number)
    return f"version {version.number} is champion" + (f", version {old} is previous" if old else "")


def rollback(registry: Registry, ds: str, reason: str | None = None) -> str:
    """Swap champion and previous; a second rollback undoes the first.

    Raises:
        LsifError: there is no previous champion to go back to.
    """
    aliases = registry.aliases()
    if PREVIOUS not in aliases or CHAMPION not in aliases:
        raise LsifError("there is no previous champion to go back to")
    wrong, right = registry.version(CHAMPION), registry.version(PREVIOUS)
    _decide(registry, wrong, "rolled_back", ds, reason or "no reason given")
    _decide(registry, right, "promoted", ds, f"rollback of version {wrong.number}")
    registry.point(CHAMPION, right.number)
    registry.point(PREVIOUS, wrong.number)
    return f"version {right.number} is champion again, version {wrong.number} is previous"


def _decide(registry: Registry, version: Version, decision: str, ds: str, reason: str) -> None:
    """Write the newest decision on a version into its tags; the ledger keeps them all."""
    registry.tag(version, decision=decision, decision_ds=ds, decision_reason=reason)
