"""Everything that is asked of a night's drift, of what was staged for it."""

from collections.abc import Mapping

from lsif.checks import Check
from lsif.config import Settings
from lsif.drift.ages import age_checks
from lsif.drift.checks import profile_checks
from lsif.drift.profile import Profile
from lsif.drift.reference import reference
from lsif.tables import Tables


def drift_checks(tables: Tables, ds: str, notes: Mapping[str, str], settings: Settings) -> list[Check]:
    """Checks of the night of `ds`; `notes` are those of what is staged."""
    bounds = settings.checks.drift
    before = reference(tables, ds, notes["model_version"], bounds)
    checks = profile_checks(Profile.of_notes(notes), before, bounds)
    return [*checks, *age_checks(tables, ds, notes.get("trained_through"), settings)]
