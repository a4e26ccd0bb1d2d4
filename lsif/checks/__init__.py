"""What a night is held against: numbers with bounds, a person's word where one is passed, and the table of verdicts."""

from lsif.checks.acceptance import Acceptance, accept_arguments
from lsif.checks.check import Check, at_least, at_most, within
from lsif.checks.holding import Held, has_failed, hold, record, warn

__all__ = [
    "Acceptance",
    "Check",
    "Held",
    "accept_arguments",
    "at_least",
    "at_most",
    "has_failed",
    "hold",
    "record",
    "warn",
    "within",
]
