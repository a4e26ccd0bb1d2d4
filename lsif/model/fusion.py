"""The gate between long and short interest: five modes under one contract.

A gate reads `h`, `w_l`, `w_s` (all [B, D]) and user statistics `φ` [B, P], and gives the two gated parts
`long`, `short` [B, D] with `w = long + short`. With `z = β(h·w_l + h·w_s)` [B, 1]:

    sum        long = w_l              short = w_s               the plain sum: nothing is learned here
    seed       long = σ(z)⊙w_l         short = σ(z)⊙w_s          scales both alike, cannot shift weight
    convex     long = σ(a)·w_l         short = (1 - σ(a))·w_s    a = MLP(h⊙w_l, h⊙w_s, φ) [B, 1]
    attention  long = a_l·w_l          short = a_s·w_s           a = softmax(Q h·K_l w_l / √D, Q h·K_s w_s / √D)
    dual       long = σ(z + r_l)⊙w_l   short = σ(z + r_s)⊙w_s    [r_l, r_s] = MLP(h⊙w_l, h⊙w_s, φ) [B, 2D]

The last layer of each MLP starts at zero: dual starts exactly as the seed, convex at one half each.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Sum(nn.Module):
    def forward(self, h: Tensor, long: Tensor, short: Tensor, user: Tensor) -> tuple[Tensor, Tensor]:
        return long, short


class SeedGate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.ones(()))

    def forward(self, h: Tensor, long: Tensor, short: Tensor, user: Tensor) -> tuple[Tensor, Tensor]:
        gate = torch.sigmoid(agreement(self.beta, h, long, short))
        return gate * long, gate * short


class ConvexGate(nn.Module):
    def __init__(self, width: int, user_features: int) -> None:
        super().__init__()
        self.mlp = gate_mlp(width, user_features, 1)

    def forward(self, h: Tensor, long: Tensor, short: Tensor, user: Tensor) -> tuple[Tensor, Tensor]:
        gate = torch.sigmoid(self.mlp(torch.cat([h * long, h * short, user], dim=-1)))
        return gate * long, (1 - gate) * short


class AttentionGate(nn.Module):
    """Scaled dot-product attention of the user's state over its two interests (Vaswani et al., 2017), one head."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key_long = nn.Linear(width, width, bias=False)
        self.key_short = nn.Linear(width, width, bias=False)

    def forward(self, h: Tensor, long: Tensor, short: Tensor, user: Tensor) -> tuple[Tensor, Tensor]:
        keys = torch.stack([self.key_long(long), self.key_short(short)], dim=1)
        logits = torch.einsum("bd,bnd->bn", self.query(h), keys) / h.shape[-1] ** 0.5
        weights = torch.softmax(logits, dim=-1)
        return weights[:, :1] * long, weights[:, 1:] * short


class DualGate(nn.Module):
    def __init__(self, width: int, user_features: int) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.ones(()))
        self.mlp = gate_mlp(width, user_features, 2 * width)

    def forward(self, h: Tensor, long: Tensor, short: Tensor, user: Tensor) -> tuple[Tensor, Tensor]:
        z = agreement(self.beta, h, long, short)
        r_long, r_short = self.mlp(torch.cat([h * long, h * short, user], dim=-1)).chunk(2, dim=-1)
        return torch.sigmoid(z + r_long) * long, torch.sigmoid(z + r_short) * short


def agreement(beta: Tensor, h: Tensor, long: Tensor, short: Tensor) -> Tensor:
    """`z = β(h·w_l + h·w_s)` [B, 1]."""
    return beta * (h * long + h * short).sum(-1, keepdim=True)


def gate_mlp(width: int, user_features: int, outputs: int) -> nn.Sequential:
    last = nn.Linear(width, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(2 * width + user_features, width), nn.GELU(), last)


def fusion_gate(mode: str, width: int, user_features: int) -> nn.Module:
    """The gate that the setting `model.fusion` names."""
    gates: dict[str, Callable[[], nn.Module]] = {
        "sum": Sum,
        "seed": SeedGate,
        "convex": lambda: ConvexGate(width, user_features),
        "attention": lambda: AttentionGate(width),
        "dual": lambda: DualGate(width, user_features),
    }
    return gates[mode]()
