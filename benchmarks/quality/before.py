"""Lists that another version of LSIF made by this command, in a work folder of its own."""

from pathlib import Path

from benchmarks.quality.logs import Log
from benchmarks.quality.rivals import OURS
from benchmarks.quality.running import Made, kept
from lsif.errors import LsifError

BEFORE = "before"


def made_before(work: Path, log: Log, cuts: list[str]) -> list[Made]:
    """What lies there of each cut, every file a seed of the product's defaults.

    Raises:
        LsifError: a cut has no lists there, or cuts have different numbers of them.
    """
    files = [sorted((work / log.name / "cuts" / cut / OURS).glob("*.parquet")) for cut in cuts]
    counts = {len(of_cut) for of_cut in files}
    if len(counts) != 1 or not files[0]:
        found = ", ".join(f"{cut}: {len(of_cut)}" for cut, of_cut in zip(cuts, files, strict=True))
        raise LsifError(
            f"{work} wants lists of {log.name}, as many of every cut, and has {found}; "
            f"make them there by that version's bench-quality, with LSIF_BENCH_WORK={work} and the same seeds and cuts"
        )
    return [kept(of_cut) for of_cut in files]
