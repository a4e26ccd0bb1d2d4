"""The number that stops the training: NDCG@10 of the full ranking, items bought before included."""

import numpy as np
import torch

from lsif.evaluation.metrics import ndcg
from lsif.model.fusion_model import FusionModel, scores
from lsif.model.ragged import Array
from lsif.model.snapshot import Snapshot
from lsif.model.targets import Targets
from lsif.model.vocabulary import ItemIndex

CHUNK = 512


@torch.no_grad()
def top_items(model: FusionModel, snapshot: Snapshot, index: ItemIndex, users: Array, k: int) -> Array:
    """The k best items of each user, best first [len(users), k]."""
    model.eval()
    items = model.all_items(index, snapshot.item_features)
    best = []
    for rows in np.array_split(users, max(1, -(-len(users) // CHUNK))):
        batch = snapshot.batch(rows)
        best.append(scores(model(batch, items), batch, items).topk(k).indices)
    return torch.cat(best).numpy()


def mean_ndcg(ranked: Array, targets: Targets, users: Array) -> float:
    """Mean NDCG of ranked lists [N, k] over their users; cold targets count as misses."""
    span = int(max(ranked.max(initial=0), targets.item.max(initial=0))) + 1
    owner = np.repeat(np.arange(len(targets.total)), np.diff(targets.start))
    hits = np.isin(users[:, None] * span + ranked, owner * span + targets.item)
    return float(ndcg(hits, targets.total[users]).mean())
