"""Each gate against numbers worked out by hand: D = 2, one user."""

import math
from typing import TypeVar, cast

import torch
from torch import nn

from lsif.model.fusion import AttentionGate, ConvexGate, DualGate, SeedGate, Sum

H, LONG, SHORT = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.6, 0.8]]), torch.tensor([[1.0, 0.0]])
USER = torch.tensor([[0.5]])
SIGMA = 1 / (1 + math.exp(-0.5 * (2.2 + 1.0)))  # h·w_l = 0.6 + 1.6, h·w_s = 1, β = 0.5


Gate = TypeVar("Gate", SeedGate, DualGate)


def half_beta(gate: Gate) -> Gate:
    with torch.no_grad():
        gate.beta.fill_(0.5)
    return gate


def last_bias(mlp: nn.Sequential, *values: float) -> None:
    with torch.no_grad():
        cast(nn.Linear, mlp[-1]).bias.copy_(torch.tensor(values))


def test_the_seed_scales_both_interests_by_one_number() -> None:
    long, short = half_beta(SeedGate())(H, LONG, SHORT, USER)
    torch.testing.assert_close(long, SIGMA * LONG)
    torch.testing.assert_close(short, SIGMA * SHORT)


def test_the_seed_does_not_change_when_long_and_short_change_places() -> None:
    gate = half_beta(SeedGate())
    long, short = gate(H, LONG, SHORT, USER)
    swapped_long, swapped_short = gate(H, SHORT, LONG, USER)
    torch.testing.assert_close(long + short, swapped_long + swapped_short)


def test_dual_starts_as_the_seed() -> None:
    for found, seed in zip(half_beta(DualGate(2, 1))(H, LONG, SHORT, USER), (LONG, SHORT), strict=True):
        torch.testing.assert_close(found, SIGMA * seed)


def test_dual_can_shift_weight_element_by_element() -> None:
    gate = half_beta(DualGate(2, 1))
    last_bias(gate.mlp, 1.0, 0.0, -1.0, -2.0)
    z = 0.5 * 3.2
    long, short = gate(H, LONG, SHORT, USER)
    torch.testing.assert_close(long, torch.tensor([[z + 1, z]]).sigmoid() * LONG)
    torch.testing.assert_close(short, torch.tensor([[z - 1, z - 2]]).sigmoid() * SHORT)


def test_convex_starts_at_one_half_and_its_weights_add_up_to_one() -> None:
    gate = ConvexGate(2, 1)
    long, short = gate(H, LONG, SHORT, USER)
    torch.testing.assert_close((long, short), (LONG / 2, SHORT / 2))
    last_bias(gate.mlp, math.log(3))  # σ = 3/4
    long, short = gate(H, LONG, SHORT, USER)
    torch.testing.assert_close((long, short), (0.75 * LONG, 0.25 * SHORT))


def test_the_sum_leaves_both_interests_as_they_are() -> None:
    torch.testing.assert_close(Sum()(H, LONG, SHORT, USER), (LONG, SHORT))


def test_attention_is_a_softmax_of_two_dot_products() -> None:
    gate = AttentionGate(2)
    with torch.no_grad():
        for layer, factor in ((gate.query, 1.0), (gate.key_long, 1.0), (gate.key_short, 2.0)):
            layer.weight.copy_(factor * torch.eye(2))
    logits = torch.tensor([2.2, 2.0]) / math.sqrt(2)  # h·w_l, h·2w_s
    weights = logits.softmax(0)
    long, short = gate(H, LONG, SHORT, USER)
    torch.testing.assert_close((long, short), (weights[0] * LONG, weights[1] * SHORT))
