"""Which past days a training learns from, and which it must never see."""

from dataclasses import dataclass

from lsif.config import Training
from lsif.days import day_before, days_between
from lsif.errors import LsifError


@dataclass(frozen=True)
class Cutoffs:
    """A cutoff `c` stands for what was known at its end, and what happened in the `horizon` days after it.

    Attributes:
        judge: the days after it are held out: the challenger and the champion are compared on them and on nothing else.
        stop: early stopping watches the days after it.
        learn: the days after these are learned from, newest first.
    """

    horizon: int
    judge: str
    stop: str
    learn: tuple[str, ...]

    def all(self) -> tuple[str, ...]:
        return (self.judge, self.stop, *self.learn)

    @property
    def ds(self) -> str:
        """The day of the training, the last of those that are held out."""
        return self.days_after(self.judge)[-1]

    def days_after(self, cutoff: str) -> list[str]:
        """The days (cutoff, cutoff + horizon]."""
        return days_between(day_before(cutoff, -1), day_before(cutoff, -self.horizon))

    @property
    def trained_through(self) -> str:
        """The last day anything was learned from, early stopping included."""
        return self.days_after(self.stop)[-1]


def cutoffs(ds: str, training: Training, log_begins: str) -> Cutoffs:
    """Cutoffs one horizon apart; the held-out days end with `ds`.

    Args:
        log_begins: first day of the log; a cutoff without a horizon of history before it teaches nothing.

    Raises:
        LsifError: the log is too young for three cutoffs.
    """
    horizon = training.horizon_days
    found = [day_before(ds, horizon * n) for n in range(1, training.cutoffs + 1)]
    old_enough = [cutoff for cutoff in found if day_before(cutoff, horizon - 1) >= log_begins]
    if len(old_enough) < 3:
        raise LsifError(
            f"a training for ds={ds} wants at least {4 * horizon} days of events before it, the log begins {log_begins}"
        )
    judge, stop, *learn = old_enough
    return Cutoffs(horizon, judge, stop, tuple(learn))
