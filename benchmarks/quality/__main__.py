"""LSIF beside its peers: python -m benchmarks.quality --log completejourney --stage validation

`validation` judges on the cuts that settings are chosen on, as often as you like. `test` is for the end: the report
counts how often anyone looked.
"""

import argparse
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.quality.ablated import PARTS
from benchmarks.quality.bench import outcome
from benchmarks.quality.freshness import TRACKS, freshness, table
from benchmarks.quality.logs import LOGS, Log, own_log, work_folder
from benchmarks.quality.report import rows, show, write
from benchmarks.quality.rivals import DEFAULT, OURS, RIVALS, Choice, Rival, ours
from lsif.days import parsed_day


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--log", default="completejourney", help=f"names, comma between them, or all: {', '.join(LOGS)}"
    )
    parser.add_argument("--stage", choices=("validation", "test"), default="validation")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of LSIF per cut")
    parser.add_argument("--peers", default=",".join(DEFAULT), help=f"comma between them, of {', '.join(RIVALS)}")
    parser.add_argument(
        "--only", default="", help="some of the stage's cuts, comma between them; settings too are chosen on them"
    )
    parser.add_argument("--without-lsif", action="store_true", help="peers only; the first one takes LSIF's place")
    parser.add_argument(
        "--before", type=Path, metavar="FOLDER", help="LSIF_BENCH_WORK of another version, whose lists join as 'before'"
    )
    parser.add_argument("--ablation", action="store_true", help="LSIF without each of its parts, too")
    parser.add_argument(
        "--change",
        action="append",
        type=changed,
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="LSIF with this setting (a TOML value) as well; may come again",
    )
    parser.add_argument(
        "--freshness", action="store_true", help="what a user's last days are worth, on the validation cuts"
    )
    parser.add_argument("--source", type=Path, help="TOML of a log of your own")
    parser.add_argument("--cuts", default="", help="last known days of its windows, comma between them")
    parser.add_argument("--from", dest="first", type=parsed_day, help="first day of that log")
    parser.add_argument("--to", dest="last", type=parsed_day, help="last day of that log")
    return parser.parse_args(words)


def changed(text: str) -> Choice:
    """`training.examples=10000` as a setting of LSIF."""
    key, _, value = text.partition("=")
    try:
        return {key.strip(): tomllib.loads(f"it = {value}")["it"]}
    except tomllib.TOMLDecodeError:
        raise argparse.ArgumentTypeError(f"{text!r} is no SECTION.KEY=VALUE with a TOML value") from None


def chosen(options: argparse.Namespace) -> list[Log]:
    if options.source:
        cuts = tuple(sorted(parsed_day(cut) for cut in options.cuts.split(",")))
        logs = [own_log(options.source, cuts, options.first, options.last)]
    else:
        logs = [LOGS[name] for name in (list(LOGS) if options.log == "all" else options.log.split(","))]
    only = set(options.only.split(",")) if options.only else set()
    return [log.narrowed(only) if only else log for log in logs]


def main() -> None:
    options, console = arguments(), Console(width=220)
    rivals = [] if options.without_lsif else [ours(options.seeds, PARTS if options.ablation else (), options.change)]
    rivals += [RIVALS[name] for name in options.peers.split(",") if name and name != OURS]
    for log in chosen(options):
        if absent := log.absent():
            console.print(f"{log.name}: skipped, {absent}")
            continue
        if options.freshness:
            _freshness(log, [rival for rival in rivals if rival.name == OURS], console)
            continue
        found = outcome(log, options.stage, rivals, options.before)
        results = rows(found)
        show(found, results, console)
        file = work_folder() / "results" / f"{log.name}-{options.stage}.json"
        write(found, results, file)
        console.print(
            f"{file}  ({_looks(file) if options.stage == 'test' else 'validation: look as often as you like'})"
        )


def _freshness(log: Log, lists: list[Rival], console: Console) -> None:
    found = freshness(log, lists)
    for track in TRACKS:
        console.print(table(log, found, track))
    file = work_folder() / "results" / f"{log.name}-freshness.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1))
    console.print(str(file))


def _looks(file: Path) -> str:
    """Count the looks at a test: the first is the only one that means what it says."""
    counter = file.with_suffix(".looks")
    number = int(counter.read_text()) + 1 if counter.exists() else 1
    counter.write_text(str(number))
    return f"look number {number} at this test"


if __name__ == "__main__":
    main()
