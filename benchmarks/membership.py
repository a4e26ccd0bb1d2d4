"""Can lists tell who a model learned from? Membership inference before an erasure and after it.

    python -m benchmarks.membership [--users 500] [--epochs 20]

A made-up log on purpose hard to learn and easy to remember: what users take has nothing to do with what they took. Of
three groups of as many users one is erased, one stays, and one was never seen by any model. The attacker has each
user's own history up to a cutoff, gets the list that the model makes of it, and looks how high it ranks what the user
took in the week after, which is what a model that remembers the user has learned by heart. Printed is the AUC of that
rank, erased users against never seen ones, with a 95 % interval over users drawn again: of a model that learned from
both other groups and was let overfit (the attack's power), and of one that was trained without the erased users, as
after their purge. Of 500 users each, chance alone has a standard deviation of .018 about .5.
"""

import argparse
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import torch

from lsif.config import Settings, load_settings
from lsif.features.ragged import Array
from lsif.features.snapshot import snapshot
from lsif.features.vocabulary import ItemIndex, build_index
from lsif.learning.step import Example
from lsif.learning.targets import targets
from lsif.learning.training import fit
from lsif.model.batch import batch_of
from lsif.model.fusion_model import FusionModel, scores
from tests.known import Known
from tests.world import ENCODER, catalogue, events, known, log

CUTOFF, DAYS = date(2017, 6, 16), 28
ITEMS = [f"{category}-{n}" for category in "abcdefgh" for n in range(25)]
TEXT = 128
BEFORE, AFTER = 8, 3
"""Events of a user in the days before the cutoff and in the week after it."""
DRAWS, INTERVAL = 2_000, (2.5, 97.5)
"""Of the bootstrap (Efron, 1979), and its percentiles."""
ERASED, STAYED, UNSEEN = "erased", "stayed", "unseen"


@dataclass(frozen=True)
class Area:
    """Under the curve of erased against never seen users, and a 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Found:
    """Of the overfitted model, and of the one after the erasure."""

    overfitted: Area
    after: Area


def measure(users: int, epochs: int, settings: Settings, seed: int = 0) -> Found:
    """Both models, trained on the same log but for the erased users, and attacked by the same lists."""
    frame = drawn(users, seed)
    auc = {
        name: attacked(frame, who, epochs, settings) for name, who in (("both", (ERASED, STAYED)), ("one", (STAYED,)))
    }
    return Found(auc["both"], auc["one"])


def drawn(users: int, seed: int) -> pd.DataFrame:
    """Events of three groups of `users`, every item by lot."""
    draws = np.random.default_rng(seed)
    rows = []
    for group in (ERASED, STAYED, UNSEEN):
        for user in range(users):
            back = [*draws.integers(0, DAYS, BEFORE), *(-draws.integers(1, 8, AFTER))]
            items = draws.choice(len(ITEMS), BEFORE + AFTER, replace=False)
            days = [str(CUTOFF - timedelta(days=int(day))) for day in back]
            rows += [(f"{group}{user:05d}", ITEMS[item], day) for item, day in zip(items, days, strict=True)]
    return log(rows)


def attacked(frame: pd.DataFrame, learned_from: tuple[str, ...], epochs: int, settings: Settings) -> Area:
    """AUC of the attack on a model of the users of these groups."""
    items, at = catalogue(ITEMS), str(CUTOFF)
    own = frame[frame["user_id"].str.startswith(learned_from)]
    world = known(own, at, items, settings)
    index = build_index(world.states(settings), items, texts(), ("purchase",), ENCODER)
    lesson = example(own, world, index, world, settings)
    # Watching its own lesson it never stops: it is to learn by heart what there is.
    model = fit([lesson], lesson, index, overfitting(settings, epochs)).model
    asked = frame[frame["user_id"].str.startswith((ERASED, UNSEEN))]
    probe = example(asked, known(asked, at, items, settings), index, world, settings)
    rank = mean_ranks(model, probe, index)
    erased = np.char.startswith(np.array(probe.snapshot.user_ids.to_pylist()), ERASED)
    return area(rank[erased], rank[~erased])


def area(erased: Array, unseen: Array, seed: int = 0) -> Area:
    """How often an erased user's rank is the better one, ties by half; users of both groups are drawn again."""
    wins = (erased[:, None] < unseen) + 0.5 * (erased[:, None] == unseen)
    draws = np.random.default_rng(seed)
    share = [draws.multinomial(n, np.full(n, 1 / n), DRAWS) / n for n in wins.shape]
    low, high = np.percentile(np.einsum("de,eu,du->d", share[0], wins, share[1], optimize=True), INTERVAL)
    return Area(float(wins.mean()), float(low), float(high))


def texts() -> Array:
    """Text vectors of items that are nothing like each other [V, TEXT]: a model has room to remember who took which."""
    return np.random.default_rng(0).standard_normal((len(ITEMS), TEXT)).astype(np.float32)


def example(frame: pd.DataFrame, people: Known, index: ItemIndex, world: Known, settings: Settings) -> Example:
    """What is known of people, among items as the model's own world knows them."""
    shot = snapshot(people.users(), world.shared(index, settings), settings)
    return Example(shot, targets(events(frame), index, shot.user_ids, str(CUTOFF), 7))


def overfitting(settings: Settings, epochs: int) -> Settings:
    changes = {"max_epochs": epochs, "patience": epochs, "learning_rate": 1e-2, "batch_users": 64}
    return settings.model_copy(update={"training": settings.training.model_copy(update=changes)})


@torch.no_grad()
def mean_ranks(model: FusionModel, probe: Example, index: ItemIndex) -> Array:
    """The mean rank of what each user took after the cutoff, in a list of all items [U]."""
    model.eval()
    shot, found = probe.snapshot, []
    items = model.all_items(index, shot.item_features, shot.item_factors)
    for rows in np.array_split(np.arange(len(shot.user_ids)), max(1, len(shot.user_ids) // 256)):
        batch = batch_of(shot, rows)
        order = scores(model(batch, items), batch, items).argsort(dim=1, descending=True).argsort(dim=1).double()
        taken, there = probe.targets.padded(rows)
        ranks = order.gather(1, taken) * there
        found.append((ranks.sum(1) / there.sum(1).clamp(min=1)).numpy())
    return np.concatenate(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=500, help="of each of the three groups")
    parser.add_argument("--epochs", type=int, default=20)
    given = parser.parse_args()
    settings = load_settings()
    found = measure(given.users, given.epochs, replace_width(settings))
    print(f"AUC, {given.users} erased users against {given.users} never seen ones")
    print(f"  a model that learned from them, overfitted on purpose: {found.overfitted}")
    print(f"  a model trained without them:                          {found.after}")


def replace_width(settings: Settings, width: int = 64) -> Settings:
    return settings.model_copy(update={"model": settings.model.model_copy(update={"width": width})})


if __name__ == "__main__":
    main()
