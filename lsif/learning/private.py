"""A training that says little of any one user: clipped gradients by user, a Poisson sample of users, Gaussian noise.

DP-SGD (Abadi et al., 2016) with a user as the unit: whoever has lessons at several cutoffs keeps one of them, drawn.
Noise and samples come from the machine's own randomness, since who knows the seed could take them off again; so the
same training gives other weights each time. Nothing is chosen by looking at users: features have a fixed scale, the
popularity term its usual start, every source full trust, the steps are counted before.
"""

import copy
import math
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.draw import chances
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.learning.sampling import Sampler
from lsif.learning.step import Example, step_inputs, step_loss
from lsif.learning.training import WEIGHT_DECAY, Progress, Trained, build_model, remember, repeatable, silent
from lsif.model.fusion_model import FusionModel
from lsif.model.layers import Standardise
from lsif.privacy.budget import Budget, budget

SCALE = 2.0
"""What features of users are divided by, whatever they are: logs, shares and flags, most of them below ten."""
SHOWN = 10
"""Lines of progress."""


@dataclass(frozen=True)
class Turns:
    """Everybody's one lesson: the user at `row[u]` of the example `example[u]`."""

    example: Array
    row: Array

    def __len__(self) -> int:
        return len(self.row)


def one_lesson_each(examples: Sequence[Example], key: str) -> Turns:
    """Of each active user one of the examples, drawn by a hash of user, example and key."""
    active = [example.targets.active() for example in examples]
    users = [example.snapshot.user_ids.take(rows) for example, rows in zip(examples, active, strict=True)]
    drawn = np.concatenate([chances(ids, f"{key} {number}") for number, ids in enumerate(users)])
    example = np.repeat(np.arange(len(examples)), [len(rows) for rows in active])
    row = np.concatenate(active)
    names = np.concatenate([np.asarray(ids.to_pylist(), object) for ids in users])
    order = np.lexsort((drawn, names))
    first = np.concatenate([[True], names[order][1:] != names[order][:-1]]) if len(order) else np.zeros(0, bool)
    kept = np.sort(order[first])
    return Turns(example[kept], row[kept])


def fit_private(
    examples: Sequence[Example], index: ItemIndex, settings: Settings, progress: Progress = silent
) -> Trained:
    """Train within `[privacy] epsilon`; the weights are the average over the steps, as `fit` has it.

    Raises:
        LsifError: no user took anything, delta protects nobody, or several processes are to train together.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise LsifError("a training with [privacy] epsilon is one process's: start jobs/train.py without torchrun")
    turns = one_lesson_each(examples, str(settings.training.seed))
    if not len(turns):
        raise LsifError("nothing to learn from: no events of known users after the training cutoffs")
    allowed = budget(settings.privacy, len(turns), settings.training.batch_users)
    with repeatable(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(secrets.randbits(63))
        model = _unscaled(build_model(index, examples, settings))
        run = _PrivateRun(model, examples, turns, index, settings, allowed)
        for done in run.steps():
            if done % max(1, allowed.steps // SHOWN) == 0:
                progress(f"step {done} of {allowed.steps}, noise {allowed.noise:.2f}", done / allowed.steps)
    return Trained(run.average.eval(), index, (), 0, 0, allowed)


def _unscaled(model: FusionModel) -> FusionModel:
    """Without the moments of anybody's features."""
    for scale in (model.history_scale, model.user_scale, model.group_scale):
        assert isinstance(scale, Standardise)
        scale.mean.zero_()
        scale.deviation.fill_(SCALE)
    return model


class _PrivateRun:
    def __init__(
        self,
        model: FusionModel,
        examples: Sequence[Example],
        turns: Turns,
        index: ItemIndex,
        settings: Settings,
        allowed: Budget,
    ) -> None:
        self.average = copy.deepcopy(model)
        self._model, self._examples, self._turns, self._allowed = model.train(), examples, turns, allowed
        self._rng = np.random.default_rng(secrets.randbits(128))
        self._sampler = Sampler(index.counts[: index.trained], self._rng)
        self._inputs = model.tower.inputs(index)
        self._optimiser = _optimiser(model, settings, allowed)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser.original_optimizer,
            max_lr=settings.privacy.learning_rate,
            total_steps=allowed.steps + 6,
            pct_start=0.2,
        )

    def steps(self) -> Iterator[int]:
        """Take all steps; gives the number of each."""
        for done in range(1, self._allowed.steps + 1):
            users = np.nonzero(self._rng.random(len(self._turns)) < self._allowed.rate)[0]
            self._step(users)
            remember(self.average, self._model, done)
            yield done

    def _step(self, users: Array) -> None:
        """Each user's gradient is clipped before the next one is made, so memory holds one; nobody is fine too."""
        parameters = self._optimiser.params
        self._optimiser.zero_grad()
        for user in (None, *users.tolist()):
            for weights, gradient in zip(parameters, self._gradient(user), strict=True):
                weights.grad_sample = gradient
            self._optimiser.clip_and_accumulate()
        self._optimiser.add_noise()
        self._optimiser.scale_grad()
        self._optimiser.original_optimizer.step()
        self._schedule.step()

    def _gradient(self, user: int | None) -> list[Tensor]:
        """Of the loss of one user's lesson, by parameter [1, ...]; of nobody's [0, ...]."""
        parameters = self._optimiser.params
        if user is None:
            return [torch.zeros(0, *weights.shape) for weights in parameters]
        example = self._examples[self._turns.example[user]]
        step = step_inputs(example, self._turns.row[user : user + 1], self._sampler)
        found = torch.autograd.grad(step_loss(self._model, step, self._inputs), parameters, allow_unused=True)
        return [
            torch.zeros_like(weights)[None] if gradient is None else gradient[None]
            for weights, gradient in zip(parameters, found, strict=True)
        ]


def _optimiser(model: FusionModel, settings: Settings, allowed: Budget) -> Any:
    """Opacus' own: it clips, sums, and adds noise from the machine's randomness."""
    from opacus.optimizers import DPOptimizer

    weights = [weights for weights in model.parameters() if weights.requires_grad]
    return DPOptimizer(
        torch.optim.AdamW(weights, weight_decay=WEIGHT_DECAY),
        noise_multiplier=allowed.noise,
        max_grad_norm=settings.privacy.clip,
        expected_batch_size=max(1, math.ceil(allowed.rate * allowed.users)),
    )
