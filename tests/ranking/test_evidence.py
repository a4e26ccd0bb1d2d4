"""Evidence: what is left out is measured exactly, pieces are facts of the log, a score without them is a real one."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
import torch

from lsif.config import Settings
from lsif.features.ragged import Array
from lsif.features.snapshot import snapshot
from lsif.model.batch import Batch, batch_of
from lsif.model.fusion_model import FusionModel
from lsif.model.left_out import Known as Read
from lsif.model.left_out import _shared, lost
from lsif.ranking.deletion import without
from lsif.ranking.evidence import HISTORY, WINDOW
from lsif.ranking.parts import exact_scores, in_double, side
from lsif.ranking.tally import Tally
from lsif.ranking.texts.en import ENGLISH
from lsif.ranking.trained import TrainedModel
from tests.known import Known
from tests.ranking import shop

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def night(small: Settings) -> Known:
    return shop.known(shop.events(users=8), small, shop.catalogue())


@pytest.fixture
def trained(night: Known, small: Settings) -> TrainedModel:
    return shop.trained(night, shop.vectors(night.items), small)


def test_evidence_says_what_stands_in_the_log(night: Known, trained: TrainedModel, small: Settings) -> None:
    rows = shop.recommended(trained, night, shop.vectors(night.items), small, tally=Tally()).to_pylist()
    told = [(row, piece) for row in rows for piece in row["evidence"]]
    assert {piece["piece"] for _, piece in told} == {"history", "window"}
    recent = shop.TODAY - timedelta(days=small.interests.recent_days)
    for row, piece in told:
        days = [
            day
            for user, item, day in shop.events(users=8)
            if (user, item) == (row["user_id"], piece["item_id"]) and (piece["piece"] == "history" or day > recent)
        ]
        said = (piece["events"], piece["first_day"], piece["last_day"])
        assert said == (len(days), min(days), max(days)), (row, piece)
        own = row["reason_code"].endswith("habit")
        assert not own or (piece["item_id"], piece["share"]) == (row["item_id"], 1.0)
        assert row["reason"].startswith("You c" if piece["item_id"] == row["item_id"] else "Because you ")
    assert all(sum(piece["share"] for piece in row["evidence"]) <= 1.0001 for row in rows)
    assert all(row["reason"] == ENGLISH.codes[row["reason_code"]] for row in rows if not row["evidence"])


def test_no_row_depends_on_who_else_is_in_the_chunk(night: Known, trained: TrainedModel, small: Settings) -> None:
    vectors, tallies = shop.vectors(night.items), (Tally(), Tally())
    sizes = (3, 64)
    made = [
        shop.recommended(trained, night, vectors, shop.small(small, chunk_users=size), tally=tally)
        for size, tally in zip(sizes, tallies, strict=True)
    ]
    few, many = (rows.drop_columns("config_hash") for rows in made)
    assert few.equals(many) and tallies[0].to_text() == tallies[1].to_text()


def test_rows_for_which_nobody_counts_say_nothing(night: Known, trained: TrainedModel, small: Settings) -> None:
    rows = shop.recommended(trained, night, shop.vectors(night.items), small)
    assert rows["evidence"].null_count == rows["reason"].null_count == len(rows) > 0


class TestLeftOut:
    @pytest.fixture
    def read(self, night: Known, trained: TrainedModel, small: Settings) -> tuple[FusionModel, Batch, Read]:
        """A model that looks at factors alone, and what it makes of the users."""
        model = trained.model.double().eval()
        model.trust.copy_(torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0]))
        shared = night.shared(trained.index, small)
        shot = snapshot(night.users(), shared, small)
        items = model.all_items(shared.index, shared.item_features, shared.item_factors)
        batch = batch_of(shot, np.arange(len(shot)))
        made = side(model, batch, items)
        assert made.reading is not None
        return model, batch, Read(made.batch, made.interests, made.reading, items, None)

    def test_among_factors_it_is_the_score_of_another_pass(self, read: tuple[FusionModel, Batch, Read]) -> None:
        model, batch, known = read
        item = [next(i for i in range(40) if i not in row) for row in batch.history_item.tolist()]
        wanted = torch.tensor(item)[:, None]
        with torch.inference_mode():
            of_rows, of_events, _ = lost(model, known, wanted)
        before = self.scores(model, batch, known, wanted)
        for place in (0, 2):
            gone = batch.history_mask.clone()
            gone[:, place] = False
            left = self.scores(model, replace(batch, history_mask=gone), known, wanted)
            np.testing.assert_allclose(of_rows[:, 0, place].numpy(), before - left, atol=1e-7)
        alike = (batch.window_item == batch.window_item[:, :1]) & batch.window_mask
        left = self.scores(model, replace(batch, window_mask=batch.window_mask & ~alike), known, wanted)
        np.testing.assert_allclose(of_events[:, 0, 0].numpy(), before - left, atol=1e-7)

    @staticmethod
    def scores(model: FusionModel, batch: Batch, of: Read, wanted: torch.Tensor) -> Array:
        made = side(model, in_double(batch), of.items)
        found: Array = exact_scores([made], of.items, torch.arange(len(wanted)), wanted[:, 0])[0].numpy()
        return found

    def test_a_mean_without_one_of_its_values_is_the_mean_of_the_others(self) -> None:
        weights = torch.tensor([[[0.5, 0.3, 0.2]], [[1.0, 0.0, 0.0]]])
        values = torch.tensor([[[[1.0, 2.0, 4.0]]], [[[3.0, 9.0, 9.0]]]])
        without_first = (0.3 * 2 + 0.2 * 4) / 0.5
        found = _shared(weights, values)
        assert found[0, 0, 0, 0] == pytest.approx(0.5 + 0.6 + 0.8 - without_first)
        assert found[1].flatten().tolist() == [3.0, 0.0, 0.0], "of one alone nothing is left"


def test_users_without_what_is_left_out(night: Known, trained: TrainedModel) -> None:
    users, index = night.users(), trained.index
    first, had = night.windows["events"][0].as_py()[0], night.histories["items"][0].as_py()
    number = {name: int(index.items(pa.array([name]))[0]) for name in (first["item_id"], had[0]["item_id"])}
    event, row = (WINDOW, number[first["item_id"]], 0), (HISTORY, number[had[0]["item_id"]], 0)
    made = without(users, np.array([0, 3, 0]), [[event], [], [row]], index, ["purchase"])
    windows = [{one["item_id"] for one in events} for events in made.windows["events"].to_pylist()]
    histories = [[one["item_id"] for one in items] for items in made.histories["items"].to_pylist()]
    before = [[one["item_id"] for one in night.histories["items"][at].as_py()] for at in (0, 3)]
    assert made.ids.to_pylist() == made.histories["user_id"].to_pylist() == ["00000000", "00000001", "00000002"]
    assert first["item_id"] not in windows[0] and first["item_id"] in windows[2]
    assert histories == [before[0], before[1], before[0][1:]]
