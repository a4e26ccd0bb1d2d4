"""What came of every fault that was tried: by class of scenario, how often, and what it left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass
class Count:
    """Runs of one class, and how many of them left something that must not be.

    `partial`: a day that is neither what it was nor what it should become; `lost`: what was said to be done, and is not
    there; `doubled`: a row that is there twice.
    """

    runs: int = 0
    partial: int = 0
    lost: int = 0
    doubled: int = 0


@dataclass
class Tally:
    """The counts of one session of tests."""

    counts: dict[str, Count] = field(default_factory=dict)

    def add(self, scenario: str, partial: bool = False, lost: bool = False, doubled: bool = False) -> None:
        """Count a run; a run that left something fails its test at once."""
        count = self.counts.setdefault(scenario, Count())
        count.runs += 1
        count.partial, count.lost, count.doubled = count.partial + partial, count.lost + lost, count.doubled + doubled
        assert not (partial or lost or doubled), f"{scenario}: partial {partial}, lost {lost}, doubled {doubled}"

    def merge(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Add what another process counted, as `as_dict` of its tally gives it."""
        for scenario, other in counts.items():
            count = self.counts.setdefault(scenario, Count())
            for name, many in other.items():
                setattr(count, name, getattr(count, name) + many)

    def as_dict(self) -> dict[str, dict[str, int]]:
        return {scenario: dict(vars(count)) for scenario, count in self.counts.items()}

    def lines(self) -> Iterable[str]:
        """As a table, its sum last."""
        rows = [(name, *vars(count).values()) for name, count in self.counts.items()]
        rows.append(("all", *(sum(column) for column in list(zip(*rows, strict=True))[1:])))
        yield f"{'class of scenario':58}{'runs':>7}{'partial':>9}{'lost':>7}{'doubled':>9}"
        for name, runs, partial, lost, doubled in rows:
            yield f"{name:58}{runs:>7,}{partial:>9}{lost:>7}{doubled:>9}"


TALLY = Tally()
