"""The loss of a list: everything a user took in the coming days stands above everything else."""

import torch
import torch.nn.functional as F
from torch import Tensor


def listwise_loss(logits: Tensor, positive: Tensor, correction: Tensor, worth: Tensor | None = None) -> Tensor:
    """Softmax cross-entropy with several positives, mean over users.

    `-mean_p log(exp(s_p) / Σ_i exp(s_i + c_i))` for each user, a mean weighted by `worth`: with c = 0 the full softmax,
    with c = -log(expected draws) on sampled negatives the log-Q corrected one, whose partition sum is unbiased.

    Args:
        logits: [B, M].
        positive: [B, M]; a user without any counts nothing.
        correction: [B, M] added inside the partition sum, 0 on positives, -inf on items that are not candidates.
        worth: [B, M] what a positive counts for beside the user's others; by default all alike.
    """
    lowest = torch.finfo(logits.dtype).min / 2  # the sum over no candidates at all would have a gradient of NaN
    log_probability = logits - torch.logsumexp(logits + correction.clamp(min=lowest), dim=1, keepdim=True)
    of_positive = log_probability.masked_fill(~positive, 0)
    if worth is None:
        per_user = -of_positive.sum(1) / positive.sum(1).clamp(min=1)
    else:
        per_user = -(of_positive * worth).sum(1) / (positive * worth).sum(1).clamp(min=1)
    return per_user.sum() / positive.any(1).sum().clamp(min=1)


def repeat_log_loss(logits: Tensor, taken: Tensor, mask: Tensor) -> Tensor:
    """Log-loss of 'this history row is taken again', mean over rows [B, L] in the mask."""
    losses = F.binary_cross_entropy_with_logits(logits, taken.to(logits.dtype), reduction="none")
    return (losses * mask).sum() / mask.sum().clamp(min=1)
