"""Settings of differential privacy: of the model and of what leaves the house."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from lsif.sources import Section


class Differential(Section):
    """What may be learned of one user from a model or a count. Nothing is asked by default."""

    epsilon: PositiveFloat | None = None
    """Of one training: how much one user may change the model. By default any training is the one without."""
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    """How likely a training, or a release, may say more than that: below one over the number of users."""
    total_epsilon: PositiveFloat | None = None
    """Of all trainings of the home together; one that would pass it is refused."""
    clip: PositiveFloat = 1.0
    """The longest gradient that one user may add to a step."""
    learning_rate: PositiveFloat = 1e-2
    """Of a private training."""
    passes: PositiveFloat = 3
    """How often a user's turn comes in a private training, on average: it never stops early."""
    release_epsilon: PositiveFloat | None = None
    """Of one release, and of counts that are encrypted for others, which have no noise by default."""
    user_items: PositiveInt = 20
    """Items of one user that a release counts; of more, so many are drawn."""
    min_users: PositiveInt = 1
    """Users of a group or an item below which neither the page nor a release shows it, nor a sum counts it."""

    def of_training(self) -> dict[str, str]:
        """What a training is asked, for its line in the ledger; nothing where it is the usual one."""
        return self._said("epsilon", "delta", "clip", "learning_rate", "passes") if self.epsilon else {}

    def of_release(self) -> dict[str, str]:
        """The same of counts that leave the house."""
        return self._said("release_epsilon", "user_items", "min_users")

    def _said(self, *names: str) -> dict[str, str]:
        return {"privacy": " ".join(f"{name}={getattr(self, name)}" for name in names)}


def check_private(how: Differential, warm_start: bool) -> None:
    """Whether a training may be as the settings say.

    Raises:
        ValueError: one line on what does not go together.
    """
    if how.epsilon and warm_start:
        raise ValueError("privacy.epsilon: a private training begins afresh, so training.warm_start must be false")
    if how.epsilon and how.total_epsilon and how.epsilon > how.total_epsilon:
        raise ValueError(f"privacy.total_epsilon: one training alone spends more, epsilon = {how.epsilon:g}")
