"""Training as the night uses the model: snapshots at past cutoffs, and everything that was taken after them."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from lsif.config import Settings
from lsif.errors import LsifError
from lsif.features.history_features import history_feature_names
from lsif.features.item_features import COLUMNS
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.learning.ranks import Ranks, device, joined
from lsif.learning.sampling import Sampler
from lsif.learning.start import start_popularity
from lsif.learning.step import Example, step_inputs, step_loss
from lsif.learning.trust import trusted
from lsif.learning.validation import watched
from lsif.learning.warm_start import Start, carry_over, misfit
from lsif.memory import release_unused
from lsif.model.fusion_model import FusionModel, Shape
from lsif.model.item_tower import ItemInputs
from lsif.model.repeat import RepeatTerm
from lsif.privacy.budget import Budget

WEIGHT_DECAY = 0.01
JUDGED = 10
MEMORY = 0.998
"""Share of the averaged weights that stays at each step, once there were steps enough to average."""
EPOCHS, MORE_EPOCHS, FEW_STEPS = 3, 8, 100
"""Passes at most, and where one has fewer than so many steps."""
FEWEST_STEPS = 6
"""Of the learning rate's cycle: the warm-up of one of five steps has no length, and the cycle divides by that."""
TIDY = 64
"""Steps after which freed memory is given back: each leaves holes, and an epoch has thousands."""
SORTED_BATCHES = 8
"""Users of so many batches are sorted by history length, so that padding costs little; the order stays random."""

Part = TypeVar("Part", bound=nn.Module)
Progress = Callable[[str, float], None]
"""Called with a line to show and the share that is done."""


@dataclass(frozen=True)
class Epoch:
    """One pass: mean training loss, and on the validation cutoff NDCG@10 and the losses of both lists."""

    number: int
    loss: float
    ndcg: float
    new_loss: float
    own_loss: float


@dataclass(frozen=True)
class Trained:
    """The model, every epoch that ran, and the epochs (from 1) that its interests and its repeat term are of."""

    model: FusionModel
    index: ItemIndex
    epochs: tuple[Epoch, ...]
    interests_of: int
    repeat_of: int
    spent: Budget | None = None
    """Of a private training, which has no epochs."""


def silent(line: str, done: float) -> None:
    """Shows nothing."""


def fit(
    examples: Sequence[Example],
    validation: Example,
    index: ItemIndex,
    settings: Settings,
    progress: Progress = silent,
    start: Start | None = None,
) -> Trained:
    """Train on the examples; each part is kept as it was when its own list on the validation cutoff had the least loss.

    The parts learn from lists of their own and need not tire at the same time. A loss tells epochs apart that differ in
    NDCG by chance.

    The same seed, data and number of threads give the same weights on a CPU. A GPU is used where there is one; the
    model comes back on the CPU. Processes that torchrun started train together, and all get the same model.

    Args:
        start: begin with these weights instead of drawn ones, where they fit.

    Raises:
        LsifError: no user of the examples, or of the validation, took anything.
    """
    if not any(len(example.targets.active()) for example in examples) or not len(validation.targets.active()):
        raise LsifError("nothing to learn from: no events of known users after the training or validation cutoffs")
    with joined() as ranks, repeatable(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.training.seed)
        fresh = build_model(index, examples, settings)
        start_popularity(fresh, validation)
        model = begun(fresh, index, start, progress).to(device())
        return _Run(model, examples, validation, index, settings, progress, ranks).trained()


@contextmanager
def repeatable() -> Iterator[None]:
    """On a CPU, sums in an order that no thread decides: else the gradient of an indexing differs from run to run."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(before or not torch.cuda.is_available())
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def begun(model: FusionModel, index: ItemIndex, start: Start | None, progress: Progress) -> FusionModel:
    """`model` with the weights of `start`, or as it was drawn where there is none or it does not fit."""
    if start is not None:
        if differing := misfit(model, index, start):
            progress(f"begins afresh: the earlier model is another one ({differing})", 0.0)
        else:
            carry_over(model, index, start)
    return model


def build_model(index: ItemIndex, examples: Sequence[Example], settings: Settings) -> FusionModel:
    """A fresh model whose scales and whitening fit the training data."""
    snapshots, interests = [example.snapshot for example in examples], settings.interests
    names = history_feature_names(interests.half_lives_days, index.event_types)
    shape = Shape(
        encoder=settings.model.encoder,
        fusion=settings.model.fusion,
        width=settings.model.width,
        items=index.trained,
        categories=len(index.categories),
        event_types=len(index.event_types),
        text_size=index.text.shape[1],
        history_features=len(names),
        user_features=snapshots[0].user_features.shape[1],
        item_features=snapshots[0].item_features.shape[1],
        group_features=snapshots[0].group_features.shape[1],
        weight_column=names.index(f"log_weight_{interests.half_lives_days[interests.row_column]:g}d"),
    )
    model = FusionModel(shape)
    model.history_scale.fit([one.history_rows for one in snapshots])
    model.user_scale.fit([one.user_features for one in snapshots])
    features = [one.item_features for one in snapshots]
    model.item_scale.fit(features, [_worth(of) for of in features])
    model.group_scale.fit([one.group_features for one in snapshots])
    model.tower.fit_whitening(index)
    return model


def _worth(features: Array) -> Array:
    """What items count for in the moments of their features [V, Q]: half all alike, half as they are taken.

    Most of a large catalogue is taken by nobody. Beside that alone, whoever took an item would be an outlier, and
    beyond those nothing is told apart.
    """
    taken = np.expm1(features[:, COLUMNS.index("log_buyers_7d")].astype(np.float64))
    found: Array = 1 / len(taken) + taken / max(taken.sum(), 1)
    return found


@torch.no_grad()
def remember(average: FusionModel, model: FusionModel, done: int) -> None:
    """Exponential average of the weights, of a memory that grows with the steps at first (as in TensorFlow's)."""
    fresh = 1 - min(MEMORY, (1 + done) / (10 + done))
    for mean, now in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(now, fresh)


class _Best(Generic[Part]):
    """The epoch with the least loss, the latest of equals, and the part as it was then."""

    def __init__(self) -> None:
        self.epoch, self.loss = 0, math.inf

    def offer(self, epoch: int, loss: float, part: Part) -> None:
        if not self.epoch or loss <= self.loss:
            self.epoch, self.loss, self.part = epoch, loss, copy.deepcopy(part)


class _Run:
    """One training: epochs with a one-cycle learning rate, stopped when nothing gains any more."""

    def __init__(
        self,
        model: FusionModel,
        examples: Sequence[Example],
        validation: Example,
        index: ItemIndex,
        settings: Settings,
        progress: Progress,
        ranks: Ranks,
    ) -> None:
        self.average = copy.deepcopy(model).eval()
        self.model, self.examples, self.validation, self.index = model, examples, validation, index
        self.training, self.progress, self.ranks = settings.training, progress, ranks
        self.rng = np.random.default_rng(self.training.seed)
        self.sampler = Sampler(index.counts[: index.trained], self.rng)
        self.inputs: ItemInputs = model.tower.inputs(index)
        steps = sum(math.ceil(len(e.targets.active()) / self.training.batch_users) for e in examples)
        self.max_epochs = self.training.max_epochs or (MORE_EPOCHS if steps < FEW_STEPS else EPOCHS)
        self.steps = steps * self.max_epochs
        self.optimiser = torch.optim.AdamW(model.parameters(), weight_decay=WEIGHT_DECAY)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser,
            max_lr=self.training.learning_rate,
            total_steps=max(self.steps, FEWEST_STEPS),
            pct_start=0.2,
        )
        self.done = 0

    def trained(self) -> Trained:
        epochs: list[Epoch] = []
        interests, repeat = _Best[FusionModel](), _Best[RepeatTerm]()
        while len(epochs) < self.max_epochs and self._gains(len(epochs), interests, repeat):
            epochs.append(epoch := self._epoch(len(epochs) + 1))
            interests.offer(epoch.number, epoch.new_loss, self.average)
            repeat.offer(epoch.number, epoch.own_loss, self.average.repeat)
        kept = interests.part
        kept.repeat = repeat.part
        kept.trust.copy_(trusted(kept, self.validation, self.index))
        found = watched(kept, self.validation, self.index, JUDGED)
        kept.repeat.stand(found.stretch, found.level)
        return Trained(kept.cpu(), self.index, tuple(epochs), interests.epoch, repeat.epoch)

    def _gains(self, epochs: int, *parts: _Best[Any]) -> bool:
        return any(epochs - part.epoch < self.training.patience for part in parts)

    def _epoch(self, number: int) -> Epoch:
        self.model.train()
        loss = torch.stack([self._step(*chosen) for chosen in self._batches()]).double().mean()
        self.ranks.average([loss])
        found = watched(self.average, self.validation, self.index, JUDGED)
        release_unused()
        epoch = Epoch(number, float(loss), found.ndcg, found.new_loss, found.own_loss)
        seen = f"NDCG@{JUDGED} {epoch.ndcg:.4f}, losses of new {epoch.new_loss:.4f} and own {epoch.own_loss:.4f}"
        self.progress(f"epoch {number}: loss {epoch.loss:.4f}; on the stopping cutoff {seen}", self.done / self.steps)
        return epoch

    def _step(self, example: Example, users: Array) -> Tensor:
        own, counts = self.ranks.share(users)
        step = step_inputs(example, own, self.sampler).to(self.model.log_temperature.device)
        loss = step_loss(self.model, step, self.inputs) * counts
        self.optimiser.zero_grad()
        loss.backward()
        self.ranks.average([weights.grad for weights in self.model.parameters() if weights.grad is not None])
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.done += 1
        if self.done % TIDY == 0:
            release_unused()
        remember(self.average, self.model, self.done)
        return loss.detach()

    def _batches(self) -> Iterator[tuple[Example, Array]]:
        """Every active user of every example once, a batch from one example, in random order."""
        batches = [(e, users) for e in self.examples for users in self._groups(e)]
        return (batches[position] for position in self.rng.permutation(len(batches)))

    def _groups(self, example: Example) -> Iterator[Array]:
        size = self.training.batch_users
        users = self.rng.permutation(example.targets.active())
        length = np.diff(example.snapshot.history_start)
        for start in range(0, len(users), size * SORTED_BATCHES):
            some = users[start : start + size * SORTED_BATCHES]
            some = some[np.argsort(length[some], kind="stable")]
            yield from (some[at : at + size] for at in range(0, len(some), size))
