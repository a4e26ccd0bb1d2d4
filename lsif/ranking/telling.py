"""Evidence and reasons of a block of users while their lists are made, and tests of some of them by deletion."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lsif.config import Settings
from lsif.features.known import Users
from lsif.features.ragged import Array
from lsif.features.vocabulary import ItemIndex
from lsif.model.fusion_model import FusionModel, Items
from lsif.ranking.deletion import Piece, Scores, Test, held
from lsif.ranking.evidence import HISTORY, MOST, NONE, WINDOW, Evidence, evidence
from lsif.ranking.parts import Side
from lsif.ranking.reasons import Reasons
from lsif.ranking.rows import Ranked, Said, reason_codes
from lsif.ranking.sampled import chosen, seeds
from lsif.ranking.tally import Tally
from lsif.ranking.traces import Traces


@dataclass(frozen=True)
class Telling:
    """What all blocks of a night share.

    Attributes:
        users: how many the night has.
    """

    model: FusionModel
    items: Items
    index: ItemIndex
    settings: Settings
    reasons: Reasons
    users: int

    def of_block(self, users: Users) -> "Block":
        return Block(self, users, Traces(users, self.index, self.settings))

    @property
    def leads(self) -> Tensor | None:
        leads = self.index.groups.leads
        return None if leads is None else torch.from_numpy(leads)


class Block:
    """Of one block of users, as known at the date."""

    def __init__(self, night: Telling, users: Users, traces: Traces) -> None:
        self._night, self._users, self._traces = night, users, traces
        self._seed = seeds(users.ids, users.ds)
        self._sampled = chosen(self._seed, night.users)
        self._tests: list[Test] = []

    @property
    def seed(self) -> Array:
        """Of each user [U], uint64."""
        return self._seed

    def said(self, lists: Ranked, now: Side, chunk: Array) -> Said:
        """Of the rows of a chunk, whose users stand at these positions in the block."""
        night = self._night
        found = evidence(lists, night.model, now, night.items, night.leads)
        self._tests.extend(self._chosen(lists, found, now, chunk))
        return night.reasons.of(lists, reason_codes(lists), found, chunk, self._traces)

    def test(self, names: Sequence[str], scores: Scores, tally: Tally) -> None:
        """Test the evidence of the rows that were chosen."""
        if not self._tests:
            return
        holds = held(self._tests, self._users, self._night.index, self._traces.types, scores)
        of = np.array([one.list for one in self._tests])
        for number, name in enumerate(names):
            tally.tested(name, int((of == number).sum()), int(holds[of == number].sum()))

    def _chosen(self, lists: Ranked, found: Evidence, now: Side, chunk: Array) -> Iterator[Test]:
        """One row with evidence of each list of each sampled user who has enough else."""
        rows = np.flatnonzero(self._sampled[chunk][lists.row] & (found.kind[:, 0] != NONE))
        lists_of, first = np.unique(np.stack([lists.row[rows], lists.list[rows]], axis=1), axis=0, return_index=True)
        ends = [*first[1:], len(rows)][: len(first)]
        for (row, number), start, end in zip(lists_of.tolist(), first, ends, strict=True):
            user = int(chunk[row])
            seed = (int(self._seed[user]) >> 32) + number
            at = int(rows[start + seed % (end - start)])
            evident = tuple(
                self._piece(user, int(k), int(a)) for k, a in zip(found.kind[at], found.at[at], strict=True) if k
            )
            others = tuple(piece for piece in self._pieces(user, now, row) if piece not in evident)
            if len(others) >= MOST:
                yield Test(number, user, int(lists.item[at]), evident, others, seed)

    def _pieces(self, user: int, now: Side, row: int) -> list[Piece]:
        """Everything of a user that may be evidence."""
        batch = now.batch
        items = batch.history_item[row][batch.history_mask[row]].tolist()
        events = [self._piece(user, WINDOW, at) for at in range(int(batch.window_mask[row].sum()))]
        return [*((HISTORY, item, 0) for item in items), *dict.fromkeys(events)]

    def _piece(self, user: int, kind: int, at: int) -> Piece:
        return (kind, at, 0) if kind == HISTORY else (kind, *self._traces.event(user, at))
