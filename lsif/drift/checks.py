"""A night's profile held against the nights before it: bounds of the settings' section `checks.drift`."""

from collections.abc import Mapping

from lsif.bounds import Bound, Drift
from lsif.checks import Check, within
from lsif.drift.histogram import Histogram
from lsif.drift.profile import INPUTS, Key, Profile
from lsif.drift.psi import psi
from lsif.drift.reference import Reference, is_own

SECTION = "checks.drift"
JUDGED: Mapping[str, tuple[str, ...]] = {
    "psi_inputs": INPUTS,
    "psi_scores": ("score",),
    "psi_alpha": ("alpha",),
    "psi_shares": ("shares",),
}
"""Check = parts of the profile; its value is of the number that moved most."""
ENOUGH = 200
"""Numbers below which a distribution may be chance: the index of two equal ones is some 10 / n."""
NAMED = 3
LACKING = ("without_text", "without_category")
"""Of items: yes or no, where the others are numbers."""


def profile_checks(tonight: Profile, before: Reference, bounds: Drift) -> list[Check]:
    """What the model reads and gives, against the nights before; with too few of those a check passes and says so."""
    checks = [_psi_check(name, tonight, before, bounds) for name in JUDGED]
    return [*checks, _missing(tonight, before, bounds), *_unseen(tonight, bounds)]


def _psi_check(name: str, tonight: Profile, before: Reference, bounds: Drift) -> Check:
    parts = JUDGED[name]
    own = is_own(parts[0])
    if not tonight.of:
        return Check(name, None, None, "pass", "not judged: no model scored, or an earlier release did", SECTION)
    if (nights := before.nights[own]) < bounds.min_nights:
        which = "of this model version " if own else ""
        said = f"not judged: {nights} nights {which}before this one, min_nights = {bounds.min_nights}"
        return Check(name, None, None, "pass", said, SECTION)
    found = {key: _moved(key, now, before) for key, now in tonight.of.items() if key[0] in parts}
    moved = {key: index for key, index in found.items() if index is not None}
    if not moved:
        return Check(name, None, None, "pass", f"not judged: fewer than {ENOUGH} numbers", SECTION)
    worst = sorted(moved.items(), key=lambda one: (-one[1], one[0]))[:NAMED]
    named = ", ".join(f"{part}.{measure} {index:.2f}" for (part, measure), index in worst)
    sentence = f"not as in the {nights} nights before: PSI of {named}"
    bound: Bound = getattr(bounds, name)
    return within(name, max(moved.values()), bound, sentence, SECTION)


def _moved(key: Key, now: Histogram, before: Reference) -> float | None:
    """Against all nights or against those of the same weekday, whichever is nearer: a Sunday is no drift.

    None where there are too few to say.
    """
    own = is_own(key[0])
    sums = (before.profiles[own].of.get(key), before.weekdays[own].of.get(key))
    enough = [was for was in sums if was is not None and min(was.counted, now.counted) >= ENOUGH]
    return min((psi(was, now) for was in enough), default=None)


def _missing(tonight: Profile, before: Reference, bounds: Drift) -> Check:
    """Of which number the share of what is missing grew most."""
    known = before.profiles[False].of if before.nights[False] >= bounds.min_nights else {}
    grown = {key: _lacks(key, now) - _lacked(key, now, known) for key, now in tonight.of.items() if key[0] in INPUTS}
    (part, measure), most = max(grown.items(), key=lambda one: (one[1], one[0]), default=(("", ""), 0.0))
    sentence = f"{part}.{measure}: {most:.1%} more is missing than in the nights before"
    return within("missing_share", max(most, 0.0), bounds.missing_share, sentence, SECTION)


def _lacked(key: Key, now: Histogram, known: Mapping[Key, Histogram]) -> float:
    """In the nights before; numbers were finite unless somebody knows better, items are what they are."""
    if key in known:
        return _lacks(key, known[key])
    return _lacks(key, now) if key[1] in LACKING else 0.0


def _lacks(key: Key, of: Histogram) -> float:
    return share_of_ones(of) if key[1] in LACKING else of.missing_share


def _unseen(tonight: Profile, bounds: Drift) -> list[Check]:
    found = tonight.of.get(("items", "unseen_category"))
    if found is None:
        return []
    share = share_of_ones(found)
    sentence = f"{share:.1%} of the available items are of categories that the model has never seen"
    return [within("unseen_categories", share, bounds.unseen_categories, sentence, SECTION)]


def share_of_ones(flags: Histogram) -> float:
    ones = flags.counted and flags.first + len(flags.counts) == 2 and flags.counts[-1]
    return float(ones) / max(flags.counted, 1)
