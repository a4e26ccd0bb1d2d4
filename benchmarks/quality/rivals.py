"""Who is compared: the script, the environment it runs in, and the settings it may choose from on validation cuts.

Every peer may try up to twelve settings in about as many minutes a cut, so a slow one tries fewer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

PEERS = Path(__file__).parent / "peers"
OURS = "lsif"
Choice = dict[str, Any]


@dataclass(frozen=True)
class Rival:
    """A script that makes lists, and its requirement file; None is the product's own environment."""

    name: str
    script: Path
    requirements: Path | None
    grid: tuple[Choice, ...]


def _grid(**options: tuple[Any, ...]) -> tuple[Choice, ...]:
    return tuple(dict(zip(options, values, strict=True)) for values in product(*options.values()))


def _rival(name: str, grid: tuple[Choice, ...], environment: str | None = None, script: str | None = None) -> Rival:
    requirements = PEERS / f"{environment}.txt" if environment else None
    return Rival(name, PEERS / f"{script or name}.py", requirements, grid)


_TIFU = _grid(groups=(7,), within=(0.9, 1.0), across=(0.7, 0.9), neighbours=(100, 300, 900), alpha=(0.7,))
_UPCF = _grid(baskets=(50, 1000), half_life=(None, 60, 120), asymmetry=(0.25,), locality=(5, 10))
_REPLAY = _grid(factors=(64,), blocks=(2,), length=(100,), steps=(400,), negatives=(1024,))
_RERANKER = (
    *_grid(objective=("lambdarank",), leaves=(15, 31, 63), trees=(100, 200, 400), rate=(0.05,)),
    *_grid(objective=("lambdarank",), leaves=(127,), trees=(50, 100), rate=(0.05,)),
    *_grid(objective=("lambdarank",), leaves=(63,), trees=(50,), rate=(0.05,)),
)
_SESSIONS = (
    *_grid(neighbours=(1000, 30_000), half_life=(0.002, 0.02, 0.2, 2, 20), decay=(0.8,)),
    *_grid(neighbours=(300,), half_life=(0.02, 0.2), decay=(0.8,)),
)
HOURS = (1 / 120, 1 / 60, 1 / 30, 1 / 8, 1 / 4, 1, 2, 4, 9, 18, 36, 72)
"""Half-lives for logs that live by the hour; days have a peer of their own."""


def _sequences(model: str, **more: tuple[float, ...]) -> tuple[Choice, ...]:
    return _grid(
        model=(model,),
        factors=(64,),
        blocks=(2,),
        length=(100,),
        steps=(400,),
        negatives=(256,),
        **more,
    )


DEFAULT = (
    "popularity",
    "popularity_decay",
    "frequency",
    "upcf",
    "tifuknn",
    "lightgbm_rich",
    "lightgbm_new",
    "itemknn",
    "ease",
    "als",
)
"""Peers of a run that names none: all but the sequence models, which take most of an hour."""
RIVALS = {
    rival.name: rival
    for rival in (
        _rival("popularity", tuple({"days": days} for days in (3, 7, 14, 28, 56, 112))),
        _rival("popularity_decay", tuple({"half_life": days} for days in (1, 3, 7, 14, 28, 56)), script="popularity"),
        _rival("popularity_hours", tuple({"half_life": hours / 24} for hours in HOURS), script="popularity"),
        _rival("frequency", tuple({"half_life": days} for days in (None, 1, 3, 7, 14, 30, 45, 60, 90, 120, 180))),
        _rival("upcf", _UPCF),
        _rival("tifuknn", _TIFU),
        _rival("lightgbm_rich", _grid(objective=("binary",), leaves=(63,), trees=(250,), rate=(0.08,)), "lightgbm"),
        _rival("lightgbm_new", _grid(objective=("binary",), leaves=(31,), trees=(200,), rate=(0.06,)), "lightgbm"),
        _rival("lightgbm_recent", _RERANKER, "lightgbm"),
        _rival("sessions", _SESSIONS),
        _rival("itemknn", _grid(kind=("cosine", "bm25"), neighbours=(100, 500), half_life=(None, 7, 90)), "implicit"),
        _rival("ease", _grid(half_life=(None, 90), items=(6000,), penalty=(200, 800))),
        _rival("als", _grid(factors=(64,), regularization=(0.01,), alpha=(1, 10), half_life=(None, 90)), "implicit"),
        _rival("sasrec", _sequences("sasrec"), "rectools", "rectools_sequences"),
        _rival("hstu", _sequences("hstu"), "rectools", "rectools_sequences"),
        _rival("replay_sasrec", _REPLAY, "replay"),
        _rival(
            "control",
            _sequences("sasrec", popularity=(1.0, 3.0, 10.0, 30.0), repeat=(0.5, 10.0, 30.0)),
            "rectools",
            "rectools_sequences",
        ),
    )
}


def ours(seeds: int, parts: Sequence[str] = (), changes: Sequence[Choice] = ()) -> Rival:
    """LSIF, one setting per seed: its settings are the product's defaults. Then each seed of each variation.

    Args:
        parts: what it does without, one at a time.
        changes: keys of its settings that are others, as `{"training.examples": 10000}`; each is trained by itself.
    """
    varied: list[Choice] = [{}, *({"without": part} for part in parts), *changes]
    grid = tuple({"seed": seed} | variation for variation in varied for seed in range(1, seeds + 1))
    return Rival(OURS, Path(__file__).parent / "ours.py", None, grid)


def title(choice: Choice) -> str:
    """What the list of a setting of LSIF is called."""
    words = [f"without {choice['without']}"] if "without" in choice else []
    words += [f"{key} = {value}" for key, value in choice.items() if "." in key]
    return " ".join([OURS, *words])
