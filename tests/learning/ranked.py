"""What a model ranks, every item of the catalogue scored and nothing searched."""

import torch

from lsif.evaluation.metrics import ndcg
from lsif.features.ragged import Array
from lsif.features.snapshot import Snapshot
from lsif.features.vocabulary import ItemIndex
from lsif.learning.targets import Targets
from lsif.learning.validation import row_chunks
from lsif.model.batch import batch_of
from lsif.model.fusion_model import FusionModel, scores


@torch.no_grad()
def top_items(model: FusionModel, snapshot: Snapshot, index: ItemIndex, users: Array, k: int) -> Array:
    """The k best items of each user, best first [len(users), k]."""
    model.eval()
    items = model.all_items(index, snapshot.item_features, snapshot.item_factors)
    best = []
    for rows in row_chunks(users):
        batch = batch_of(snapshot, rows).to(items.vectors.device)
        best.append(scores(model(batch, items), batch, items).topk(k).indices.cpu())
    return torch.cat(best).numpy()


def mean_ndcg(ranked: Array, targets: Targets, users: Array) -> float:
    """Mean NDCG of ranked lists [len(users), k] over their users; cold targets count as misses."""
    return float(ndcg(targets.holds(users, ranked), targets.total[users]).mean())
