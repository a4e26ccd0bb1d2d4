"""Where deliveries of sources are expected."""

from collections.abc import Iterable

from lsif.config import Settings


def source_paths(settings: Settings, days: Iterable[str]) -> dict[str, dict[str, str | None]]:
    """Where each source's deliveries of `days` are expected, and the day of each path, None where it names none."""
    listed = list(days)
    return {
        name: {settings.locate(source.path, source.file_day(ds)): ds if source.is_daily else None for ds in listed}
        for name, source in settings.sources.items()
    }
