"""What carries a row of a list: the history rows and events of its user without which its score would be least.

An own item's score is read off its history row, which is all of its evidence, where the item would score less if the
user had never had it. Of an item that is new to the user the strongest pieces are found by leaving each out alone
(`lsif.model.left_out`). A row that is there because it is popular, pinned or drawn has none, nor has one that stands on
what the user searched for: it says that, and no item that the user had is made its reason.

Shapes: R rows of the lists of a chunk of B users, P pieces kept of each, N pieces that a user has.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from lsif.features.ragged import Array, positions
from lsif.model.fusion_model import FusionModel, Items
from lsif.model.left_out import Known, lost
from lsif.ranking.parts import Side, exact_scores
from lsif.ranking.placing import SCORE
from lsif.ranking.rows import POPULARITY, Ranked

MOST = 3
"""Pieces of a row."""
NONE, HISTORY, WINDOW = range(3)
"""Kinds of pieces."""
ROUNDING = 9
"""Decimals of what is lost that count, so that the strongest do not hang on the order of a sum."""
DECIMALS = 4


@dataclass(frozen=True)
class Evidence:
    """The strongest pieces of each row, strongest first [R, P].

    Attributes:
        kind: `NONE` where there is no further one.
        at: of a history row the number of its item; of events the place in the user's window of the first of them.
        share: of what all pieces of the user carry of the row's score.
        searched: whether what the user searched for carries the row, more than any piece does [R]; then it has none.
    """

    kind: Array
    at: Array
    share: Array
    searched: Array


def no_evidence(rows: int) -> Evidence:
    nothing = np.full((rows, MOST), NONE)
    return Evidence(nothing, np.zeros((rows, MOST), np.int64), np.zeros((rows, MOST)), np.zeros(rows, bool))


def evidence(lists: Ranked, model: FusionModel, now: Side, items: Items, leads: torch.Tensor | None) -> Evidence:
    """Of every row of the lists of a chunk of users; `leads` as in `Known`."""
    found = no_evidence(len(lists.row))
    by_score = lists.placed == SCORE
    own = np.flatnonzero(by_score & lists.own)
    own = own[_as_new(lists.row[own], lists.item[own], now, items) < lists.score[own] - lists.parts[own, 3]]
    found.kind[own, 0], found.at[own, 0], found.share[own, 0] = HISTORY, lists.item[own], 1.0
    new = np.flatnonzero(by_score & ~lists.own & (lists.says != POPULARITY))
    if len(new):
        assert now.reading is not None
        pairs, pair = np.unique(lists.row[new] * len(items.bias) + lists.item[new], return_inverse=True)
        known = Known(now.batch, now.interests, now.reading, items, leads)
        strongest = _strongest(*np.divmod(pairs, len(items.bias)), model, known)
        for name, values in vars(strongest).items():
            getattr(found, name)[new] = values[pair]
    return found


def _as_new(row: Array, item: Array, now: Side, items: Items) -> Array:
    """Scores of pairs of users and items, had the users never had the items."""
    batch = now.batch
    never = replace(
        batch,
        history_mask=torch.zeros_like(batch.history_mask),
        tail_mask=torch.zeros_like(batch.tail_mask),
    )
    pairs = (torch.from_numpy(numbers) for numbers in (row, item))
    return exact_scores([replace(now, batch=never)], items, *pairs)[0].numpy()


def _strongest(row: Array, item: Array, model: FusionModel, of: Known) -> Evidence:
    """Of pairs of a user and an item that is new to the user, by user."""
    place = positions(row)
    wanted = np.zeros((len(of.batch), int(place.max()) + 1), np.int64)
    wanted[row, place] = item
    with torch.inference_mode():
        losses = lost(model, of, torch.from_numpy(wanted))
        every = torch.cat(losses, dim=2).flatten(0, 1)[torch.from_numpy(row * wanted.shape[1] + place)]
    loss = np.maximum(every.numpy(), 0).round(ROUNDING)
    pieces, of_searches = loss[:, :-1], loss[:, -1]
    searched = of_searches > pieces.max(1)
    pieces[searched] = 0
    return replace(_best(pieces, of.batch.history_item.numpy()[row]), searched=searched)


def _best(loss: Array, history_item: Array) -> Evidence:
    """
    Args:
        loss: of each piece, history rows first, none below nought [R, N]; is used up.
        history_item: [R, L].
    """
    every, rows, found = np.arange(len(loss)), history_item.shape[1], no_evidence(len(loss))
    total = np.maximum(loss.sum(1), 10.0**-ROUNDING)
    for number in range(min(MOST, loss.shape[1])):
        at = loss.argmax(1)
        best = loss[every, at]
        of_rows = at < rows
        found.kind[:, number] = np.where(best > 0, np.where(of_rows, HISTORY, WINDOW), NONE)
        found.at[:, number] = np.where(of_rows, history_item[every, np.minimum(at, rows - 1)], at - rows)
        found.share[:, number] = (best / total).round(DECIMALS)
        loss[every, at] = 0
    return found
