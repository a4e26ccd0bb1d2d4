"""The logs that the benchmark knows, and a log of anyone's own that the ingest's TOML describes."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lsif.config import load_settings, project_folder
from lsif.sample import FIRST_DAY, LAST_DAY
from lsif.sample import land as land_sample

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Log:
    """One log and where it is cut. A cut is the last day known; its window is the `horizon_days` after it.

    Attributes:
        config: TOML of the ingest.
        first, last: days to import.
        validation: cuts on which settings are chosen.
        test: cuts that are looked at once.
        main_track: the track that this log is about: `all`, or `new` where nobody takes a thing twice.
        land: lays the delivery under a home folder; None when it lies where the TOML says.
        needs: folder with the data; the log is skipped where it is absent.
    """

    name: str
    config: Path
    first: str
    last: str
    validation: tuple[str, ...]
    test: tuple[str, ...]
    main_track: str = "all"
    land: Callable[[Path], object] | None = None
    needs: Path | None = None

    def absent(self) -> str:
        """Why the log cannot be used here; empty when it can."""
        return f"no folder {self.needs}" if self.needs and not self.needs.exists() else ""

    def cuts(self, stage: str) -> tuple[str, ...]:
        return {"validation": self.validation, "test": self.test}[stage]


def work_folder() -> Path:
    """Where the benchmark keeps tables, lists and environments; LSIF_BENCH_WORK moves it."""
    return Path(os.environ.get("LSIF_BENCH_WORK") or project_folder() / ".bench").absolute()


def use(log: Log) -> Path:
    """Point LSIF's settings, in this process and its children, at the log; returns its home."""
    home = work_folder() / log.name
    home.mkdir(parents=True, exist_ok=True)
    os.environ |= {"LSIF_HOME": str(home), "LSIF_CONFIG": str(log.config), "LSIF_PROJECT": str(project_folder())}
    os.environ.pop("LSIF_TABLES", None)
    return home


def own_log(source: Path, cuts: tuple[str, ...], first: str, last: str) -> Log:
    """A log that a TOML describes: the last half of its cuts are the test, the ones before choose settings."""
    half = len(cuts) // 2 or 1
    load_settings(source)
    return Log(source.stem, source.absolute(), first, last, cuts[:half], cuts[half:] or cuts)


COMPLETE_JOURNEY = Log(
    "completejourney",
    project_folder() / "lsif.toml",
    FIRST_DAY,
    LAST_DAY,
    validation=("2017-11-02", "2017-11-09", "2017-11-16", "2017-11-23"),
    test=("2017-11-30", "2017-12-07", "2017-12-14", "2017-12-21"),
    land=land_sample,
)
LOGS = {log.name: log for log in (COMPLETE_JOURNEY,)}
