"""A person's word that lets one day pass although it is beyond a bound."""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass

from lsif.bounds import Checks, bounds_of
from lsif.errors import LsifError
from lsif.sources import Section

SECTIONS = {
    name: field.annotation
    for name, field in Checks.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}
"""Of checks that belong together, each with bounds of its own."""
BOUNDS = (
    *(name for name in Checks.model_fields if name not in SECTIONS),
    "max_age_days",
    *(name for of in SECTIONS.values() for name in bounds_of(of)),
)
"""Checks that a person can accept: by the settings that hold their bounds."""


@dataclass(frozen=True)
class Acceptance:
    """Names of the checks that may fail for once, and why."""

    checks: frozenset[str]
    reason: str

    @classmethod
    def of(cls, words: Iterable[str], reason: str | None) -> "Acceptance":
        """From a command line; several names may stand in one word, with commas between them.

        Raises:
            LsifError: there is no such check, or no reason.
        """
        names = {name for word in words for name in word.split(",")}
        if unknown := sorted(names - set(BOUNDS)):
            known = ", ".join(BOUNDS)
            raise LsifError(f"--accept {unknown[0]}: there is no such check; those that can be accepted are {known}")
        if names and not reason:
            raise LsifError("--accept lets a day pass that is beyond a bound: say why with --reason")
        return cls(frozenset(names), reason or "")


def accept_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="CHECK",
        help=f"let the day pass although it is beyond this bound ({', '.join(BOUNDS)}); wants --reason",
    )
    parser.add_argument("--reason", help="why; kept in the ledger")
