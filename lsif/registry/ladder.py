"""The model that scores a day, and what is done where it cannot be had.

| MLflow                                     | the day is scored with                                                |
|--------------------------------------------|-----------------------------------------------------------------------|
| does not answer                            | nothing: an outage, and the task is tried again                       |
| does not answer on the last try            | the copy of the champion kept beside the tables, if it is what it was |
| answers, the version is gone or unreadable | the one before it, loudly                                             |
| answers, there never was a champion        | no model: popular lists                                               |

No rung takes a version that learned from a user who was erased, once the day is after its retrain-by date: where no
other is left the night ends with 2, and the last lists stay.
"""

import os
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lsif.checks import Check
from lsif.checks.check import Verdict
from lsif.errors import LsifError, OutageError
from lsif.privacy.erased import overdue, refused
from lsif.ranking.rows import NO_MODEL
from lsif.registry.history import History, note_moves
from lsif.registry.manifest import verify_manifest
from lsif.registry.registry import CHAMPION, Registry, Version
from lsif.registry.standing import AS_OF, Standing, Wanted, standing
from lsif.tables import Tables
from lsif.tables.kept import Kept

if TYPE_CHECKING:  # whoever only asks which encoder is wanted need not load torch
    from lsif.ranking.trained import TrainedModel

COPY = "champion"
LAST_TRY = "LSIF_LAST_TRY"
"""Set by the task that starts a job when it will not be tried again."""


@dataclass(frozen=True)
class Chosen:
    """The model of a day, None for popular lists, and what is to be said of the choice."""

    version: str
    trained: "TrainedModel | None"
    checks: tuple[Check, ...] = ()

    def remarks(self) -> list[str]:
        """What an operator must hear; nothing where the champion scores."""
        popular = ["NO MODEL, everybody gets the popular list (model_version = none)"]
        notes = [f"{check.verdict.upper()} {check.name}: {check.note}" for check in self.checks if check.note]
        return popular * (self.version == NO_MODEL) + notes


def chosen(tables: Tables, wanted: Wanted, missing: Verdict) -> Chosen:
    """Find and load the model of a day; notices every move of an alias first.

    Args:
        missing: verdict where another version than the one wanted has to do.

    Raises:
        OutageError: MLflow does not answer, and this is not the last try, or there is no copy that would do.
        LsifError: no version that could score is left.
    """
    if NO_MODEL in (wanted.asked, wanted.pinned):
        return Chosen(NO_MODEL, None)
    try:
        registry = Registry()
        found = standing(registry, note_moves(registry, tables, wanted.ds), wanted)
        return _first_readable(registry, tables, wanted, found, missing)
    except OutageError as outage:
        if os.environ.get(LAST_TRY) != "true":
            raise
        return _from_copy(tables, wanted, outage)


def encoders(tables: Tables, wanted: Wanted) -> list[str]:
    """Settings of the text encoders that the versions in line for a day need, each once, the first's first.

    Raises:
        OutageError, LsifError: as `chosen`.
    """
    if NO_MODEL in (wanted.asked, wanted.pinned):
        return []
    try:
        registry = Registry()
        found = standing(registry, History.read(tables), wanted)
        return list(dict.fromkeys(filter(None, (_encoder(registry, version) for version in found.line))))
    except OutageError:
        about = Kept(tables.root, COPY).about()
        if os.environ.get(LAST_TRY) != "true" or about is None:
            raise
        return [about["text_encoder"]]


def _encoder(registry: Registry, version: Version) -> str:
    """Empty where nobody knows: such a version will not be readable either, and another one in line scores."""
    try:
        return registry.text_encoder(version)
    except OutageError:
        raise
    except LsifError:
        return ""


def _first_readable(registry: Registry, tables: Tables, wanted: Wanted, found: Standing, missing: Verdict) -> Chosen:
    troubles, late = [found.gone] if found.gone else [], overdue(tables, wanted.ds)
    for version in found.line:
        try:
            if version.number in late:
                raise refused(version.number, late[version.number])
            with registry.folder(version) as files:
                trained = registry.read(files, version)
                if wanted.rule == CHAMPION and not wanted.pinned and not troubles:
                    _keep(registry, tables, wanted.ds, version, files)
        except OutageError:
            raise
        except LsifError as error:
            if wanted.asked:
                raise
            troubles.append(str(error))
            continue
        return Chosen(version.number, trained, (_missing_champion(version, troubles, missing),))
    if troubles:
        raise LsifError(f"no version can score {wanted.ds}: {'; '.join(troubles)}")
    return Chosen(NO_MODEL, None)


def _missing_champion(version: Version, troubles: list[str], missing: Verdict) -> Check:
    if not troubles:
        return Check("missing_champion", 0.0, None, "pass")
    note = f"{'; '.join(troubles)}: scored with version {version.number} instead"
    return Check("missing_champion", float(len(troubles)), None, missing, note)


def _keep(registry: Registry, tables: Tables, ds: str, version: Version, files: Path) -> None:
    kept = Kept(tables.root, COPY)
    was, digest = kept.about() or {}, version.tags.get("manifest_sha256", "")
    about = {
        "files": f"{version.number}-{digest[:12]}",
        "version": version.number,
        "manifest_sha256": digest,
        "trained_through": version.trained_through,
        "text_encoder": registry.text_encoder(version),
    }
    same = all(was.get(name) == value for name, value in about.items())
    if not same or was["ds"] < ds:
        kept.keep(files, {**about, "ds": ds})


def _from_copy(tables: Tables, wanted: Wanted, outage: OutageError) -> Chosen:
    """The champion as it was on the last night that found it in MLflow, verified.

    Raises:
        OutageError: nothing is kept, or it is not the version that the day wants.
    """
    from lsif.registry.bundle import load_model

    kept = Kept(tables.root, COPY)
    about = kept.about()
    if about is None or not _would_do(about, wanted):
        raise outage
    if by := overdue(tables, wanted.ds).get(about["version"]):
        raise refused(about["version"], by)
    with tempfile.TemporaryDirectory(prefix="lsif-model-") as place:
        kept.fetch(about["files"], Path(place))
        verify_manifest(Path(place), about["manifest_sha256"])
        trained = load_model(Path(place), about["version"])
    age = max(0, (date.fromisoformat(wanted.ds) - date.fromisoformat(about["ds"])).days)
    note = f"{outage}: scored with the kept copy of version {about['version']}, champion {age} days before"
    return Chosen(about["version"], trained, (Check("champion_copy", float(age), None, "warn", note),))


def _would_do(about: dict[str, str], wanted: Wanted) -> bool:
    if wanted.pinned:
        return about["version"] == wanted.pinned
    if wanted.rule == AS_OF:
        return about["trained_through"] < wanted.ds
    return wanted.rule in (CHAMPION, about["version"])
