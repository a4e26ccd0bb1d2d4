"""The search may be as rough as it likes: what it finds holds every best item, and no row is another."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.scoring.ours import items, users
from lsif.model.batch import Batch
from lsif.model.fusion_model import Interests, Items, scores
from lsif.ranked_list import RankedList
from lsif.ranking import candidates as search
from lsif.ranking.candidates import Catalogue, Found, catalogue
from lsif.ranking.lists import ranked
from lsif.ranking.parts import Side, near_scores
from lsif.ranking.pool import pool
from lsif.ranking.rows import Ranked

USERS, HISTORY, K = 70, 32, 20
KINDS = [torch.bfloat16, torch.float32]


def drawn(count: int, width: int = 16) -> tuple[Interests, Batch, Items]:
    """Users with short and long histories and some more items past them; a tenth of the items is closed."""
    chance = torch.Generator().manual_seed(count)
    of = items(count, width)
    interests, batch = users(USERS, of, 0)
    history, tail = (torch.rand(USERS, size, generator=chance) < share for size, share in ((HISTORY, 0.8), (5, 0.5)))
    past = (batch.history_item[:, -1:] + torch.arange(1, 6)) % count
    batch = replace(
        batch,
        history_mask=history,
        history_item=batch.history_item * history,
        tail_mask=tail,
        tail_item=past * tail,
    )
    names = ("order", "odds")
    rows = {name: getattr(interests, name) * history for name in names}
    closed = torch.where(torch.rand(count, generator=chance) < 0.1, -torch.inf, of.bias)
    return replace(interests, history_mask=history, **rows), batch, replace(of, bias=closed)


def made(of: Items, kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    monkeypatch.setattr(search, "product_type", lambda: kind)
    order = np.random.default_rng(0).permutation(len(of.vectors))
    found = catalogue(of, order)
    assert found.columns.dtype == kind
    return found


def lists(found: Ranked) -> list[tuple[int, int, float]]:
    return list(zip(found.row.tolist(), found.item.tolist(), found.score.tolist(), strict=True))


def pairs(found: Found) -> set[tuple[int, int]]:
    return set(zip(found.row.tolist(), found.item.tolist(), strict=True))


def listed(interests: Interests, batch: Batch, of: Catalogue, k: int, kind: str = "all") -> Ranked:
    """One list, of users who were before as they are now."""
    one = RankedList.model_validate({"items": kind, "k": k})
    side, nobody = Side(batch, interests), of.items.popularity.numpy()
    return ranked(pool(side, side, of, nobody, 2 * k), [one])


def best(exact: Tensor) -> set[tuple[int, int]]:
    return {(user, item) for user, row in enumerate(exact.topk(K, dim=1).indices.tolist()) for item in row}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [60, 2_003])
def test_lists_are_those_of_the_models_formula(count: int, kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    interests, batch, of = drawn(count)
    found = listed(interests, batch, made(of, kind, monkeypatch), K)
    exact = scores(interests, batch, of)
    assert found.item.reshape(USERS, K).tolist() == exact.topk(K, dim=1).indices.tolist()
    np.testing.assert_allclose(found.score, exact.topk(K, dim=1).values.numpy().ravel(), atol=1e-6)
    np.testing.assert_allclose(found.parts.sum(1), found.score, atol=1e-6)


def test_what_similar_users_say_is_what_stands_among_the_factors() -> None:
    """And of a history row nothing, whose score is not made of it."""
    interests, batch, of = drawn(60)
    width = of.vectors.shape[1] // 2
    of = replace(of, factors=of.vectors[:, width:])
    row, item = torch.cartesian_prod(torch.arange(len(batch)), torch.arange(60)).T
    found = near_scores(Side(batch, interests), of, row, item).reshape(len(batch), 60)
    wanted = (interests.long + interests.short)[:, width:] @ of.factors.T
    own = torch.zeros_like(wanted).scatter_add(1, batch.history_item, batch.history_mask.double()) > 0
    assert own.any() and not own.all()
    torch.testing.assert_close(found, wanted.masked_fill(own, 0.0))


@pytest.mark.parametrize("far", [0.0, 30.0, -500.0])
@pytest.mark.parametrize("close", [1.0, 1e-3])
def test_near_ties_far_from_zero_are_found_by_every_kind_of_product(
    far: float, close: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    interests, batch, of = drawn(600)  # fewer than k blocks: the bound is the k-th best itself
    of = replace(of, popularity=of.popularity * close + far, vectors=of.vectors * close)
    exact = scores(interests, batch, of)
    rough, fine = (made(of, kind, monkeypatch) for kind in KINDS)
    for kind in (rough, fine):
        assert best(exact) <= pairs(search.candidates(interests, batch, kind, K))
    assert lists(listed(interests, batch, rough, K)) == lists(listed(interests, batch, fine, K))


@pytest.mark.parametrize("kind", KINDS)
def test_no_rough_score_is_further_off_than_the_bound(kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    interests, batch, of = drawn(2_003)
    for size in (1e-3, 1.0, 1e3):
        some = replace(interests, long=interests.long * size, groups=interests.groups / size, tail=interests.tail * 9)
        dense, error = search._dense(some, batch, made(of, kind, monkeypatch))
        nowhere = replace(batch, history_mask=torch.zeros_like(batch.history_mask))
        exact = scores(some, nowhere, of).T
        rough, open_to_all = dense[: len(exact)].double(), exact.isfinite()
        off = (rough - exact).abs() - 2 * search._rounding(kind) * rough.abs()
        assert (off[open_to_all] <= error.expand_as(off)[open_to_all]).all()
        assert (rough[~open_to_all] == -torch.inf).all()


@pytest.mark.parametrize("kind", KINDS)
def test_many_ties_are_broken_by_the_order_of_ids(kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    interests, batch, of = drawn(700)
    silent = {name: torch.zeros_like(value) for name, value in vars(interests).items() if value.is_floating_point()}
    known = made(of, kind, monkeypatch)
    found = listed(replace(interests, **silent), batch, known, K)
    open_to_all = np.flatnonzero(of.bias.isfinite().numpy())
    first = open_to_all[np.argsort(known.order[open_to_all])][:K]
    assert found.item.reshape(USERS, K).tolist() == [first.tolist()] * USERS


def test_a_bound_is_reached_by_k_items_and_few_more() -> None:
    best = torch.randn(300, 50, generator=torch.Generator().manual_seed(0))
    reached = (best >= search._least(best, torch.zeros(50), K)).sum(0)
    assert (reached >= K).all() and reached.double().mean() < K + 1


def test_a_list_of_hundreds_has_few_candidates_more(monkeypatch: pytest.MonkeyPatch) -> None:
    interests, batch, of = drawn(10_000)
    found = search.candidates(interests, batch, made(of, torch.float32, monkeypatch), 250)
    assert 250 * USERS <= len(pairs(found)) < 1.2 * 250 * USERS


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_item_that_is_closed_is_nobodys_business(kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    interests, batch, of = drawn(700)
    shut = int(of.bias.isinf().nonzero()[0])
    vectors = of.vectors.clone()
    vectors[shut] = torch.nan
    whole = listed(interests, batch, made(of, kind, monkeypatch), K)
    broken = listed(interests, batch, made(replace(of, vectors=vectors), kind, monkeypatch), K)
    assert lists(broken) == lists(whole)


@pytest.mark.parametrize(("users", "k"), [(1, K), (USERS, 900)])
def test_one_user_alone_and_lists_of_the_whole_catalogue(users: int, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    interests, batch, of = drawn(700)
    some = slice(0, users)
    known = made(of, torch.float32, monkeypatch)
    found = lists(listed(search.cut(interests, some), search.cut(batch, some), known, k))
    assert found == [row for row in lists(listed(interests, batch, known, k)) if row[0] < users]
    assert len(found) == users * min(k, int(of.bias.isfinite().sum()))


@pytest.mark.parametrize("kind", KINDS)
def test_own_and_new_items_have_lists_of_their_own(kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    interests, batch, of = drawn(700)
    known, exact = made(of, kind, monkeypatch), scores(interests, batch, of)
    had = torch.zeros_like(exact, dtype=torch.bool)
    for item, mask in ((batch.history_item, batch.history_mask), (batch.tail_item, batch.tail_mask)):
        had |= torch.zeros_like(exact).scatter_add(1, item, mask.double()) > 0
    new, own = (listed(interests, batch, known, K, of_kind) for of_kind in ("new", "own"))
    assert new.item.reshape(USERS, K).tolist() == exact.masked_fill(had, -torch.inf).topk(K, dim=1).indices.tolist()
    expected = exact.masked_fill(~had, -torch.inf).topk(K, dim=1)
    assert own.item.tolist() == expected.indices[expected.values.isfinite()].tolist()
    assert own.own.all() and not new.own.any()


def test_a_model_of_nothing_but_nan_has_no_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    interests, batch, of = drawn(700)
    broken = replace(interests, long=interests.long * torch.nan, order=interests.order * torch.nan)
    assert not len(listed(broken, batch, made(of, torch.float32, monkeypatch), K).row)
