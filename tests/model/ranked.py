"""What a model ranks, every item of the catalogue scored and nothing searched."""

import torch

from lsif.model.fusion_model import FusionModel, scores
from lsif.model.ragged import Array
from lsif.model.snapshot import Snapshot
from lsif.model.validation import row_chunks
from lsif.model.vocabulary import ItemIndex


@torch.no_grad()
def top_items(model: FusionModel, snapshot: Snapshot, index: ItemIndex, users: Array, k: int) -> Array:
    """The k best items of each user, best first [len(users), k]."""
    model.eval()
    items = model.all_items(index, snapshot.item_features, snapshot.item_factors)
    best = []
    for rows in row_chunks(users):
        batch = snapshot.batch(rows).to(items.vectors.device)
        best.append(scores(model(batch, items), batch, items).topk(k).indices.cpu())
    return torch.cat(best).numpy()
