"""How much privacy a training spends: by Opacus' PRV accountant (Gopi, Lee and Wutschitz, 2021)."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lsif.differential import Differential
from lsif.errors import LsifError

COVERS = (
    "what one user's own lesson adds to the weights; not item_states (popularity, factors), the vocabulary, "
    "nor what the trial measured"
)
"""What the epsilon of a version speaks of, and what it does not."""
EPSILON, DELTA = "privacy_epsilon", "privacy_delta"


@dataclass(frozen=True)
class Budget:
    """One private training.

    Attributes:
        epsilon, delta: what it spends, at most, when it has taken all its steps.
        noise: standard deviation of the noise on a sum of gradients, in lengths of the longest gradient of a user.
        rate: how likely a user has a turn in a step.
        steps: how many.
        users: who have a lesson.
    """

    epsilon: float
    delta: float
    noise: float
    rate: float
    steps: int
    users: int

    def tags(self) -> dict[str, str]:
        """Of the version that it made."""
        said = {EPSILON: f"{self.epsilon:.4f}", DELTA: f"{self.delta:g}", "privacy_covers": COVERS}
        return said | {"privacy_noise": f"{self.noise:.4f}", "privacy_users": str(self.users)}


def budget(how: Differential, users: int, batch: int) -> Budget:
    """The noise that keeps a training of `how.passes` turns a user within `how.epsilon`.

    Args:
        users: who have a lesson.
        batch: how many of them a step has on average.

    Raises:
        LsifError: delta is so large that it protects nobody.
    """
    from opacus.accountants.utils import get_noise_multiplier

    assert how.epsilon is not None
    if how.delta * users >= 1:
        raise LsifError(f"[privacy] delta = {how.delta:g} is too large for {users:,} users: {0.1 / users:.1g} would do")
    rate = min(1.0, batch / users)
    steps = math.ceil(how.passes / rate)
    wanted = {"target_epsilon": how.epsilon, "target_delta": how.delta, "sample_rate": rate, "steps": steps}
    noise = get_noise_multiplier(**wanted, accountant="prv", epsilon_tolerance=how.epsilon / 100)
    return Budget(spent(noise, rate, steps, how.delta), how.delta, noise, rate, steps, users)


def spent(noise: float, rate: float, steps: int, delta: float) -> float:
    """Epsilon of so many steps of the Gaussian mechanism on a Poisson sample of users."""
    from opacus.accountants import PRVAccountant

    accountant = PRVAccountant()
    accountant.history = [(noise, rate, steps)]
    return float(accountant.get_epsilon(delta))


def check_total(how: Differential, earlier: Iterable[Mapping[str, str]]) -> float:
    """What all trainings have spent, from the tags of their versions, by basic composition: a plain sum.

    Raises:
        LsifError: with this one it would be more than `total_epsilon`.
    """
    total = sum(float(tags.get(EPSILON, 0)) for tags in earlier)
    if how.epsilon and how.total_epsilon and total + how.epsilon > how.total_epsilon:
        raise LsifError(
            f"trainings have spent epsilon {total:g} of [privacy] total_epsilon = {how.total_epsilon:g}, and this one "
            f"wants {how.epsilon:g}: the champion stays; a larger total is a decision about your users"
        )
    return total
