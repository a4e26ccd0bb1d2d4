"""What attributes earn on Online Retail: python -m benchmarks.quality.attributes --seeds 2

Answers go through `lsif llm export` and `lsif llm import` as anyone's would. Then, on the validation cuts alone, LSIF
is trained with the large model's, without any, with those of rules and with the model's shuffled among the titles; the
first list's lead over the others is paired by user.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
from rich.console import Console

from benchmarks.quality.bench import outcome
from benchmarks.quality.logs import ONLINE_RETAIL, Log, data_folder, use
from benchmarks.quality.prepare import prepared
from benchmarks.quality.report import rows, show, write
from benchmarks.quality.rivals import OURS, Choice, Rival, ours
from benchmarks.quality.said import answer_file, variants
from lsif.interests.as_of import catalogue_at

WITHOUT = "without"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", default="", help="some of the validation cuts, comma between them")
    parser.add_argument("--of", default=f"large_model,{WITHOUT},rules,shuffled", help="what is compared, in this order")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    log = ONLINE_RETAIL.narrowed(only) if only else ONLINE_RETAIL
    tables, _ = prepared(log, ("validation",))
    items = pl.DataFrame(catalogue_at(tables, log.first)).select("item_id", "text")
    for name, answers in variants(data_folder("online_retail"), items).items():
        taken_in(log, name, answers())
    found = outcome(log, "validation", [compared(options.of.split(","), options.seeds)])
    results, console = rows(found), Console(width=220)
    show(found, results, console)
    write(found, results, use(log).parent / "results" / "online_retail-attributes.json")


def compared(names: list[str], seeds: int) -> Rival:
    """LSIF with the answers of each name."""
    settings: dict[str, Choice] = {name: {"llm.use": True, "llm.model": name} for name in names} | {WITHOUT: {}}
    grid = tuple({"seed": seed} | settings[name] for name in names for seed in range(1, seeds + 1))
    return Rival(OURS, ours(1).script, None, grid)


def taken_in(log: Log, name: str, answers: dict[str, dict[str, object]]) -> None:
    """Two rounds of requests and answers: the kinds, then the texts."""
    folder = use(log) / "llm"
    folder.mkdir(exist_ok=True)
    config, asked, answered = (folder / f"{name}{end}" for end in (".toml", "-requests.jsonl", "-answers.jsonl"))
    config.write_text(f'{log.config.read_text()}\n[llm]\nmodel = "{name}"\nsample_texts = 5000\n')
    for _ in range(2):
        _lsif(config, "export", "--ds", log.first, "--out", str(asked))
        answer_file(asked, answers, answered)
        _lsif(config, "import", str(answered), "--ds", log.first)


def _lsif(config: Path, *words: str) -> None:
    program = "from lsif.cli import main; main()"
    environment = {**os.environ, "LSIF_CONFIG": str(config)}
    subprocess.run([sys.executable, "-c", program, "llm", *words], check=True, env=environment)


if __name__ == "__main__":
    main()
