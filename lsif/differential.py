"""Settings of differential privacy: of the model and of what leaves the house."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from lsif.sources import Section


class Differential(Section):
    """What may be learned of one user from a model or a count. Nothing is asked by default."""

    epsilon: PositiveFloat | None = None
    """Of one training: how much one user may change the model. By default any training is the one without."""
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    """How likely a training may say more than that: below one over the number of users."""
    total_epsilon: PositiveFloat | None = None
    """Of all trainings of the home together; one that would pass it is refused."""
    clip: PositiveFloat = 1.0
    """The longest gradient that one user may add to a step."""
    learning_rate: PositiveFloat = 2e-3
    """Of a private training."""
    passes: PositiveFloat = 3
    """How often a user's turn comes in a private training, on average: it never stops early."""
    release_epsilon: PositiveFloat | None = None
    """Of one release of counts, as those that are encrypted for others. By default counts have no noise."""
    user_items: PositiveInt = 20
    """Items of one user that a release counts; of more, so many are drawn."""
    min_users: PositiveInt = 1
    """Users of a cell below which it is not released."""
