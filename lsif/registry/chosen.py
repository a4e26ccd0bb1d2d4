"""Which model scores a day."""

from typing import Any

from lsif.ranking.rows import NO_MODEL
from lsif.registry.registry import Registry


def version_for(ds: str, asked: str | None, configured: str, scored: dict[str, Any] | None, registry: Registry) -> str:
    """The version number to score `ds` with, or `none` before any champion; ask once per run.

    Args:
        asked: version or alias given by hand; wins.
        configured: `champion` or `as_of`, for the first run of a day.
        scored: ledger row of the day's last scoring: a day keeps the version it was scored with.

    Raises:
        LsifError: what was asked for does not exist, or MLflow does not answer.
    """
    if asked == NO_MODEL:
        return NO_MODEL
    if asked:
        return registry.resolve(asked, ds) or NO_MODEL
    if scored and scored["model_version"]:
        return str(scored["model_version"])
    return registry.resolve(configured, ds) or NO_MODEL
