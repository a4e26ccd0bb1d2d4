"""One log, one stage: settings chosen on the validation cuts, then every list of every rival at every cut judged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from benchmarks.quality.before import BEFORE, made_before
from benchmarks.quality.judging import Scored, scored
from benchmarks.quality.logs import Log, work_folder
from benchmarks.quality.prepare import prepared
from benchmarks.quality.rivals import OURS, Choice, Rival, title
from benchmarks.quality.running import Made, fingerprint, run
from benchmarks.quality.summary import best_setting
from benchmarks.quality.window import Window, window

TRACKS = ("all", "new", "cold")


@dataclass
class Entry:
    """One rival's results: per track the judged lists by seed (or one) and cut, and the setting that made them."""

    name: str
    scored: dict[str, list[list[Scored]]] = field(default_factory=dict)
    settings: dict[str, list[Choice]] = field(default_factory=dict)
    seconds: float = 0.0
    peak_bytes: int = 0
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    log: Log
    stage: str
    windows: list[Window]
    entries: list[Entry]


def outcome(log: Log, stage: str, rivals: Sequence[Rival], before: Path | None = None) -> Outcome:
    """Judge `rivals` on the cuts of `stage`; on the test's cuts, with the settings that validation chose.

    Args:
        before: work folder of another version of LSIF, whose lists are judged too.
    """
    stages = ("validation",) if stage == "validation" else ("validation", "test")
    tables, settings = prepared(log, stages)
    windows = {}
    for name in stages:
        windows[name] = [window(tables, settings, cut, cut_folder(log, cut)) for cut in log.cuts(name)]
        for one in windows[name]:
            fingerprint(one.given)
    entries = [entry for rival in rivals for entry in _entries(rival, windows, stage)]
    if before:
        made = made_before(before, log, [one.cut for one in windows[stage]])
        seeds = list(range(len(made[0].seconds)))
        entries.append(_entry(BEFORE, made, windows[stage], [{} for _ in seeds], dict.fromkeys(TRACKS, seeds)))
    return Outcome(log, stage, windows[stage], entries)


def _entries(rival: Rival, windows: dict[str, list[Window]], stage: str) -> list[Entry]:
    if rival.name == OURS:
        return _ours(rival, windows[stage])
    chosen = chosen_settings(rival, windows["validation"])
    numbers = sorted(set(chosen.values()))
    places = {track: [numbers.index(number)] for track, number in chosen.items()}
    made = _made(rival, tuple(rival.grid[number] for number in numbers), windows[stage])
    return [_entry(rival.name, made, windows[stage], [rival.grid[number] for number in numbers], places)]


def chosen_settings(rival: Rival, windows: list[Window]) -> dict[str, int]:
    """Track → the setting that is best on the validation cuts; where there is one setting, nobody needs to look."""
    if len(rival.grid) == 1:
        return dict.fromkeys(TRACKS, 0)
    tried = _made(rival, rival.grid, windows)
    return {track: best_setting(_by_setting(tried, windows, track, as_a_whole=False)) for track in TRACKS}


def _ours(rival: Rival, windows: list[Window]) -> list[Entry]:
    """The mean of all seeds, of the whole model and without each part that is left out."""
    made = _made(rival, rival.grid, windows)
    names: dict[str, list[int]] = {}
    for number, choice in enumerate(rival.grid):
        names.setdefault(title(choice), []).append(number)
    return [_entry(name, made, windows, rival.grid, dict.fromkeys(TRACKS, numbers)) for name, numbers in names.items()]


def _entry(
    name: str, made: list[Made], windows: list[Window], settings: Sequence[Choice], places: dict[str, list[int]]
) -> Entry:
    """`places` are the settings, by number, whose lists are judged on each track."""
    entry = Entry(name, peak_bytes=max(one.peak_bytes for one in made), versions=made[-1].versions)
    judged = sorted({number for numbers in places.values() for number in numbers})
    entry.seconds = sum(one.seconds[number] for one in made for number in judged) / (len(judged) * len(made))
    for track, numbers in places.items():
        by_setting = _by_setting(made, windows, track)
        entry.scored[track] = [by_setting[number] for number in numbers]
        entry.settings[track] = [settings[number] for number in numbers]
    return entry


def _made(rival: Rival, settings: tuple[Choice, ...], windows: list[Window]) -> list[Made]:
    found = []
    for one in windows:
        print(f"{rival.name} at {one.cut}: {len(settings)} settings", flush=True)
        found.append(run(rival, settings, one.given))
    return found


def _by_setting(
    made: list[Made], windows: list[Window], track: str, as_a_whole: bool = True
) -> dict[int, list[Scored]]:
    """Setting → judged lists of each cut in which anyone has something to find."""
    found: dict[int, list[Scored]] = {}
    for one, at in zip(made, windows, strict=True):
        rows = one.lists.filter(track=track)
        for number in range(len(one.seconds)):
            own = rows.filter(pl.col("setting") == number)
            found.setdefault(number, []).append(scored(own, at, track, as_a_whole))
    return found


def cut_folder(log: Log, cut: str) -> Path:
    return work_folder() / log.name / "cuts" / cut
