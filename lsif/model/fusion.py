"""The gate between long and short interest: three modes under one contract.

A gate reads `h`, `w_l`, `w_s` (all [B, D]) and user statistics `φ` [B, P], and gives the two gated parts
`long`, `short` [B, D] with `w = long + short`. With `z = β(h·w_l + h·w_s)` [B, 1]:

    seed     long = σ(z)⊙w_l           short = σ(z)⊙w_s          scales both alike, cannot shift weight
    convex   long = σ(a)·w_l           short = (1 - σ(a))·w_s    a = MLP(h⊙w_l, h⊙w_s, φ) [B, 1]
    dual     long = σ(z + r_l)⊙w_l     short = σ(z + r_s)⊙w_s    [r_l, r_s] = MLP(h⊙w_l, h⊙w_s, φ) [B, 2D]

The last layer of each MLP starts at zero: dual starts exactly as the seed, convex at one half each.
"""

import torch
from torch import Tensor, nn


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
    if mode == "seed":
        return SeedGate()
    return {"convex": ConvexGate, "dual": DualGate}[mode](width, user_features)


def long_share(long: Tensor, short: Tensor) -> Tensor:
    """`alpha = ‖long‖ / (‖long‖ + ‖short‖)` [B] of the gated parts; one half where there is neither."""
    parts = torch.stack([long.norm(dim=-1), short.norm(dim=-1)])
    total = parts.sum(0)
    return torch.where(total > 0, parts[0] / total.clamp(min=1e-12), 0.5)
