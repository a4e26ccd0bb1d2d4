"""Lists by rules against what a person would do with the whole catalogue, one rank after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pytest

from lsif.features.ragged import Array
from lsif.list_rules import Cap, Diversity, Explore, Floor, ListRules, Pin, Rotate, crowd, drawn_ranks
from lsif.ranked_list import RankedList
from lsif.ranking.by_rules import NO_RULES
from lsif.ranking.draws import draws, seed_of
from lsif.ranking.hits import TOO_FEW, Hits
from lsif.ranking.item_rules import ItemRules
from lsif.ranking.judged import Asked
from lsif.ranking.lists import in_order, ranked
from lsif.ranking.placing import placed
from lsif.ranking.pool import Pool, Wanted
from lsif.ranking.rows import Ranked
from lsif.ranking.ruled import ruled
from lsif.ranking.selection import NOTHING
from lsif.ranking.user_rules import Pairs, UserRules

USERS, ITEMS = 5, 40
NO_PAIRS = Pairs(np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class Scored:
    """Candidates of users whose scores [U, V] are known, and who have had some items [U, V]."""

    score: Array
    had: Array

    @property
    def size(self) -> int:
        return self.score.shape[1]

    def own(self) -> Array:
        return np.flatnonzero(self.had)

    def available(self) -> Array:
        return np.ones(self.size, bool)

    def pool(self, users: Array, depth: int, open_items: Array | None, boost: Array, also: Wanted) -> Pool:
        searched = self.score[users] + (0 if open_items is None else np.where(open_items, boost, -np.inf))
        pairs = set(zip(also.row.tolist(), also.item.tolist(), strict=True))
        for row, scores in enumerate(searched):
            for kind in (self.had[users[row]], ~self.had[users[row]]):
                best = np.argsort(-np.where(kind, scores, -np.inf), kind="stable")[:depth]
                pairs |= {(row, int(item)) for item in best if kind[item] and np.isfinite(scores[item])}
        row, item = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
        score = self.score[users[row], item]
        return Pool(row, item, item, self.had[users[row], item], score, score / 2, score / 4, score / 8)


def rules_of(rules: ListRules = NO_RULES, **arrays: Any) -> UserRules:
    """A list's rules for a block of `USERS` users; `arrays` are of `ItemRules`, and `not_within` and `lately` pairs
    of users and items."""
    closed, lately = (arrays.pop(name, np.zeros(0, np.int64)) for name in ("not_within", "lately"))
    plain: dict[str, Any] = {
        "closed": np.zeros(ITEMS, np.int8),
        "segments": np.ones((0, ITEMS), bool),
        "boost": np.zeros(ITEMS),
        "values": np.full((0, ITEMS), NOTHING),
        "vectors": None,
        "pinned": {},
        "explorable": np.zeros(ITEMS, bool),
        "floored": np.zeros((0, ITEMS), bool),
    }
    of = ItemRules("l", rules, **{**plain, **arrays})
    everything = np.ones((1, ITEMS), bool)
    shut, shown = (Pairs(key, np.ones(len(key))) for key in (closed, lately))
    return UserRules(of, shut, NO_PAIRS, shown, np.zeros(USERS, np.int64), everything)


def made(rules: UserRules, by: Scored, of: RankedList, depth: int = 5, hits: Hits | None = None) -> Ranked:
    users = np.arange(USERS)
    seeds = np.array([seed_of("2017-10-31", "l", str(user)) for user in users], np.uint64)
    asked = Asked(0, of, rules, users, placed(rules, users, seeds, of.k, by), seeds)
    best = by.pool(users, depth * of.k, None, np.zeros(0), asked.placed.wanted())
    return ruled(asked, in_order(best, best.now), depth * of.k, by, hits or Hits())


def lists(found: Ranked) -> list[list[int]]:
    return [found.item[found.row == user].tolist() for user in range(USERS)]


def scored(chance: np.random.Generator) -> Scored:
    return Scored(chance.normal(size=(USERS, ITEMS)).round(1), chance.random((USERS, ITEMS)) < 0.3)


def of_user(pairs: Pairs, user: int) -> set[int]:
    return {int(key) % ITEMS for key in pairs.key if key // ITEMS == user}


def candidates(user: int, rules: UserRules, by: Scored, of: RankedList) -> list[int]:
    """Items that the list may hold, by score."""
    kind = {"all": np.ones(ITEMS, bool), "own": by.had[user], "new": ~by.had[user]}[of.items]
    shut = of_user(rules.closed, user)
    score = (by.score[user] + rules.of.boost).round(6)
    open_items = [i for i in range(ITEMS) if kind[i] and not rules.of.closed[i] and i not in shut]
    return sorted(open_items, key=lambda i: (-score[i], i))


def by_hand(best: list[int], rules: UserRules, k: int, drawn: dict[int, int]) -> list[int]:
    """The list of candidates by rules that keep their order, where some stand at their ranks: at each other rank the
    best that may stand there."""
    rows = [drawn.get(rank) for rank in range(k)]
    for rank in range(k):
        fits = (i for i in best if i not in rows and keeps_caps([*rows[:rank], i, *rows[rank + 1 :]], rules.of))
        if rank not in drawn and (item := next(fits, None)) is None:
            return [one for one in rows if one is not None]
        rows[rank] = drawn.get(rank, item if rank not in drawn else None)
    return [one for one in rows if one is not None]


def keeps_caps(rows: Sequence[int | None], of: ItemRules) -> bool:
    for cap, values in zip(of.rules.caps, of.values, strict=True):
        every = cap.every or len(rows)
        for start in range(max(len(rows) - every, 0) + 1):
            there = [values[item] for item in rows[start : start + every] if item is not None]
            if any(there.count(value) > cap.most for value in there if value != NOTHING):
                return False
    return True


def may_rotate(best: list[int], shown: set[int], of: ItemRules, k: int) -> list[int]:
    """What rows that rotate are drawn from."""
    explored, rotated = drawn_ranks(of.rules, k, of.pinned)
    others = [*of.pinned, *explored]
    staying, together = k - len(others) - len(rotated), list[int]()

    def fits(item: int, stays: list[int]) -> bool:
        for cap, values in zip(of.rules.caps, of.values, strict=True):
            if cap.every is not None and crowd([*others, *rotated], cap.every) <= cap.most:
                continue
            alike = [i for i in (*together, *(() if cap.every else stays)) if values[i] == values[item]]
            reserved = sum(values[i] == values[item] for i in of.pinned.values())
            reserved += any(of.explorable & (values == values[item]))
            if values[item] != NOTHING and len(alike) + reserved >= cap.most:
                return False
        return True

    stays: list[int] = []
    for item in best[:staying]:
        stays += [item] if fits(item, stays) else []
    for item in best[staying:]:
        may = item not in shown and item not in of.pinned.values() and not of.explorable[item]
        together += [item] if may and fits(item, stays) else []
    return together[staying - len(stays) :][:k]


def drawn_rules(chance: np.random.Generator) -> tuple[UserRules, RankedList]:
    caps = [Cap(column=f"c{n}", most=int(chance.integers(1, 4))) for n in range(chance.integers(0, 3))]
    if chance.random() < 0.5:
        caps.append(Cap(column="w", most=1, every=int(chance.integers(2, 5))))
    values = chance.integers(-1, 6, (len(caps), ITEMS))
    k, rotates, explores = int(chance.integers(1, 8)), chance.random() < 0.5, chance.random() < 0.3
    rules = rules_of(
        ListRules(
            caps=tuple(caps),
            rotate=Rotate(share=chance.choice([0.2, 0.5])) if rotates else None,
            explore=Explore(share=0.2) if explores and k > 3 else None,
        ),
        closed=(chance.random(ITEMS) < chance.choice([0, 0.3, 0.9])).astype(np.int8),
        boost=np.where(chance.random(ITEMS) < 0.2, chance.normal(), 0.0).round(2),
        values=values.reshape(len(caps), ITEMS),
        not_within=np.unique(chance.integers(0, USERS * ITEMS, chance.integers(0, 60))),
        lately=np.unique(chance.integers(0, USERS * ITEMS, chance.integers(0, 150))),
        explorable=chance.random(ITEMS) < 0.1 if explores and k > 3 else np.zeros(ITEMS, bool),
    )
    return rules, RankedList(items=chance.choice(["all", "own", "new"]), k=k)


@pytest.mark.parametrize("part", range(4))
def test_a_thousand_rule_sets_make_what_a_person_would(part: int) -> None:
    """So no rule is broken, and nothing that was left out could follow."""
    for number in range(250):
        chance = np.random.default_rng(1000 * part + number)
        by, (rules, of) = scored(chance), drawn_rules(chance)
        hits = Hits()
        found = made(rules, by, of, depth=1, hits=hits)
        wanted = []
        for user in range(USERS):
            rows, best = found.row == user, candidates(user, rules, by, of)
            drawn = rows & (found.placed >= 2)
            wanted.append(by_hand(best, rules, of.k, dict(zip(found.rank[drawn] - 1, found.item[drawn], strict=True))))
            pool = may_rotate(best, of_user(rules.lately, user), rules.of, of.k) if rules.of.rules.rotate else []
            turned = rows & (found.placed == 3)
            wished = len(drawn_ranks(rules.of.rules, of.k, ())[1])
            assert {*found.item[turned]} <= {*pool} and turned.sum() == min(wished, len(pool)), (part, number, user)
            assert (found.propensity[turned] == 1 / max(len(pool), 1)).all()
            if moves_up(rules.of.rules) and rows.sum() < of.k:
                wanted[-1] = lists(found)[user]  # a draw that moves up may meet a cap, and is left out
        assert lists(found) == wanted, (part, number)
        assert lists(made(rules, by, of, depth=9)) == lists(found), "whatever the depth of the first pool"
        missing = [of.k - len(one) for one in wanted if len(one) < of.k] if of.items != "own" else []
        assert hits.counted.get(("l", TOO_FEW), (0, 0)) == (sum(missing), len(missing))


def moves_up(rules: ListRules) -> bool:
    """Whether a draw may stand at another rank in a short list, beside other rows than at its own."""
    return bool(rules.rotate or rules.explore) and any(cap.every for cap in rules.caps)


def test_a_list_that_limits_keep_short_ends_where_nobody_has_had_anything() -> None:
    by, of = Scored(scored(np.random.default_rng(0)).score, np.zeros((USERS, ITEMS), bool)), RankedList(k=9)
    rules = rules_of(ListRules(caps=(Cap(column="c", most=1),)), values=np.arange(ITEMS)[None, :] % 4)
    assert [len(one) for one in lists(made(rules, by, of, depth=2))] == [4] * USERS


def test_without_rules_it_is_the_list_without_rules() -> None:
    chance = np.random.default_rng(0)
    by = scored(chance)
    base = by.pool(np.arange(USERS), 5 * 6, None, np.zeros(0), Wanted(*(np.zeros(0, np.int64) for _ in range(2))))
    for of in (
        RankedList(k=6),
        RankedList(items="own", k=6),
        RankedList(items="new", k=4),
        RankedList(k=6, new_share=0.5),
    ):
        plain, found = ranked(base, [of]), made(rules_of(), by, of)
        for column in vars(plain):
            if of.new_share is None:
                np.testing.assert_array_equal(getattr(found, column), getattr(plain, column), err_msg=column)
        assert [sorted(one) for one in lists(found)] == [sorted(one) for one in lists(plain)], "a mix is the same rows"


def test_parts_and_shares_know_what_rules_added() -> None:
    by, boost = scored(np.random.default_rng(1)), np.zeros(ITEMS)
    boost[7] = 9.0
    found = made(rules_of(boost=boost), by, RankedList(k=3))
    assert [one[0] for one in lists(found)] == [7] * USERS
    np.testing.assert_allclose(found.parts.sum(1), found.score, atol=1e-9)
    np.testing.assert_array_equal(found.parts[:, 3], np.where(found.item == 7, 9.0, 0.0))
    np.testing.assert_allclose(found.shares.sum(1), 1, atol=1e-5)
    assert (found.shares[found.item == 7, 3] > 0.5).all()
    plain = made(rules_of(), by, RankedList(k=3))
    both = {(row, item): parts for row, item, parts in zip(plain.row, plain.item, plain.parts, strict=True)}
    for row, item, parts in zip(found.row, found.item, found.parts, strict=True):
        if (row, item) in both:
            np.testing.assert_allclose(parts[:2], both[row, item][:2], err_msg="a rule changes no interest")


def test_pins_stand_at_their_ranks_and_move_up_in_short_lists() -> None:
    by, of = scored(np.random.default_rng(2)), RankedList(k=6)
    pin = (Pin(item="x", rank=3), Pin(item="y", rank=5))
    found = made(rules_of(ListRules(pins=pin), pinned={2: 11, 4: 30}), by, of)
    assert [(one[2], one[4], len(set(one))) for one in lists(found)] == [(11, 30, 6)] * USERS
    assert (found.placed[np.isin(found.item, [11, 30])] == 1).all()
    few = np.ones(ITEMS, np.int8)
    few[[3, 11, 30]] = 0
    short = made(rules_of(ListRules(pins=pin), pinned={2: 11, 4: 30}, closed=few), by, of)
    assert lists(short) == [[3, 11, 30]] * USERS
    had = Scored(by.score, np.ones((USERS, ITEMS), bool))
    assert lists(made(rules_of(ListRules(pins=pin), pinned={2: 11}), had, RankedList(items="new", k=6))) == [[]] * USERS


def test_a_pin_that_a_cap_forbids_beside_another_is_left_out() -> None:
    caps, values = (Cap(column="c", most=1),), np.arange(ITEMS)[None, :].copy()
    values[0, 30] = values[0, 11]
    rules = rules_of(ListRules(caps=caps), pinned={0: 11, 1: 30}, values=values)
    found = lists(made(rules, scored(np.random.default_rng(2)), RankedList(k=4)))
    assert all(one[0] == 11 and 30 not in one and len(one) == 4 for one in found)


def test_near_duplicates_stand_once_and_diversity_costs_no_more_than_it_may() -> None:
    by, of = Scored(np.tile(-np.arange(ITEMS) / 10, (USERS, 1)), np.zeros((USERS, ITEMS), bool)), RankedList(k=5)
    vectors = np.eye(ITEMS, dtype=np.float32)[np.arange(ITEMS) // 4]  # four of each
    found = lists(made(rules_of(ListRules(near_duplicates=0.9), vectors=vectors), by, of))
    assert found == [[0, 4, 8, 12, 16]] * USERS
    unlike = ListRules(diversity=Diversity(weight=5.0, cost=0.5))
    assert lists(made(rules_of(unlike, vectors=vectors), by, of)) == [[0, 4, 1, 2, 8]] * USERS
    assert lists(made(rules_of(unlike, vectors=vectors), by, of, depth=1)) == [[0, 4, 1, 2, 8]] * USERS


def test_floors_let_the_best_of_theirs_stand_as_high_as_their_shares_ask() -> None:
    """Beside filters, boosts and what users get by for_users, with two floors, from pools of any depth."""
    for number in range(60):
        chance = np.random.default_rng(number)
        by, of = scored(chance), RankedList(items=chance.choice(["all", "own", "new"]), k=int(chance.integers(2, 9)))
        floors = [Floor(where="x", share=float(chance.choice([0.1, 0.25, 0.5]))) for _ in range(chance.integers(1, 3))]
        rules, hits = (
            rules_of(
                ListRules(floors=tuple(floors)),
                closed=(chance.random(ITEMS) < 0.2).astype(np.int8),
                boost=np.where(chance.random(ITEMS) < 0.2, chance.normal(), 0.0).round(2),
                floored=chance.random((len(floors), ITEMS)) < 0.1,
            ),
            Hits(),
        )
        found = made(rules, by, of, depth=1, hits=hits)
        wanted = [with_floors(candidates(user, rules, by, of), rules.of, of.k) for user in range(USERS)]
        assert lists(found) == [rows for rows, _ in wanted], number
        assert lists(made(rules, by, of, depth=9)) == lists(found), number
        lifted = [count for _, count in wanted if count]
        assert hits.counted.get(("l", "floors"), (0, 0)) == (sum(lifted), len(lifted))


def test_a_floor_is_kept_to_half_a_row() -> None:
    by = Scored(np.tile(-np.arange(ITEMS) / 10, (USERS, 1)), np.zeros((USERS, ITEMS), bool))
    theirs, exposure = np.arange(ITEMS) >= 20, 1 / np.log2(np.arange(2, 22))
    for share in (0.05, 0.1, 0.2, 0.5):
        rules = rules_of(ListRules(floors=(Floor(where="x", share=share),)), floored=theirs[None, :])
        (rows, *_) = lists(made(rules, by, RankedList(k=20), depth=1))
        got = theirs[rows] @ exposure / exposure.sum()
        assert abs(got - share) <= exposure[-1] / exposure.sum(), (share, got)
        assert rows != [*range(20)]


def with_floors(best: list[int], of: ItemRules, k: int) -> tuple[list[int], int]:
    """The list, and how many of its rows stand above a better one."""
    rows, lifted = list[int](), 0
    for rank in range(min(k, len(best))):
        left = [item for item in best if item not in rows]
        fits = left
        for floor, theirs in zip(of.rules.floors, of.floored, strict=True):
            has = sum(1 / np.log2(at + 2) for at, item in enumerate(rows) if theirs[item])
            wants = floor.share * sum(1 / np.log2(at + 2) for at in range(rank + 1)) - has
            some = [item for item in fits if theirs[item]]
            fits = some if some and wants >= 1 / np.log2(rank + 2) / 2 else fits
        lifted += fits[0] != left[0]
        rows.append(fits[0])
    return rows, lifted


def test_hits_name_the_first_rule_that_kept_a_row_out() -> None:
    by = Scored(np.tile(-np.arange(ITEMS) / 10, (USERS, 1)), np.zeros((USERS, ITEMS), bool))
    closed, values, hits = np.zeros(ITEMS, np.int8), np.full((1, ITEMS), NOTHING), Hits()
    closed[[0, 39]], closed[1] = 1, 2
    values[0, [2, 3, 4]] = 7
    boost = np.where(np.arange(ITEMS) == 20, 9.0, 0.0)
    rules = rules_of(
        ListRules(caps=(Cap(column="c", most=1),)), closed=closed, values=values, boost=boost, not_within=np.array([2])
    )
    made(rules, by, RankedList(k=5), hits=hits)
    assert {rule: count for (_, rule), count in hits.counted.items()} == {
        "where": (5, 5),
        "blocked_items": (5, 5),
        "not_within": (1, 1),
        "cap c": (2 * (USERS - 1) + 1, 5),
        "boosts": (5, 5),
    }
    assert Hits.from_text(hits.to_text()).counted == hits.counted


def test_every_item_is_drawn_as_often_as_its_propensity_says() -> None:
    seeds = np.array([seed_of("2017-10-31", "l", str(user)) for user in range(20_000)], np.uint64)
    items, group = np.array([5, 6, 7, 8, 9]), np.array([1, 1, 2, 3, 3])
    may = np.ones((len(seeds), 5), bool)
    may[:10_000, 4] = False
    found = draws(seeds, items, may, group, 2)
    for half, wanted in (
        (slice(0, 10_000), [1 / 6, 1 / 6, 1 / 3, 1 / 3, 0]),
        (slice(10_000, None), [1 / 6] * 2 + [1 / 3, 1 / 6, 1 / 6]),
    ):
        for draw in range(2):
            share = np.array([(found.item[half, draw] == item).mean() for item in items])
            np.testing.assert_allclose(share, wanted, atol=0.02)
            said = found.propensity[half, draw]
            np.testing.assert_allclose(said, np.array(wanted)[found.item[half, draw] - 5], atol=1e-9)
    assert not (np.sort(group[found.item - 5], axis=1)[:, 0] == np.sort(group[found.item - 5], axis=1)[:, 1]).any()


def test_what_is_explored_was_not_had_and_says_how_likely_it_was() -> None:
    by = scored(np.random.default_rng(3))
    explorable = np.arange(ITEMS) < 10
    rules = rules_of(ListRules(explore=Explore(share=0.25)), explorable=explorable)
    found = made(rules, by, RankedList(k=8))
    drawn = found.placed == 2
    assert found.rank[drawn].tolist() == [4, 8] * USERS
    assert (found.item[drawn] < 10).all()
    assert not by.had[found.row[drawn], found.item[drawn]].any()
    np.testing.assert_allclose(found.propensity[drawn], 1 / (explorable & ~by.had).sum(1)[found.row[drawn]])
    assert np.isnan(found.propensity[~drawn]).all()
    assert lists(made(rules, by, RankedList(k=8))) == lists(found), "equal seeds, equal rows"


def test_rows_that_rotate_hold_the_best_of_what_was_not_shown_beside_pins_and_what_is_explored() -> None:
    by = Scored(np.tile(-np.arange(ITEMS) / 10, (USERS, 1)), np.zeros((USERS, ITEMS), bool))
    vectors = np.eye(ITEMS, dtype=np.float32)
    vectors[9], vectors[31], vectors[12] = vectors[8], vectors[30], vectors[11]
    rules = ListRules(
        rotate=Rotate(share=0.2), explore=Explore(share=0.1), near_duplicates=0.9, pins=(Pin(item="x", rank=1),)
    )
    explorable = np.arange(ITEMS) == 30
    lately = np.array([6, *(user * ITEMS + 7 for user in range(USERS))])  # 7 was shown to all, 6 to the first
    given = rules_of(rules, vectors=vectors, pinned={0: 11}, explorable=explorable, lately=lately)
    found = made(given, by, RankedList(k=10))
    turned = found.placed == 3
    assert found.rank[turned].tolist() == [5, 9] * USERS, "evenly, but for the pin and what is explored"
    stay = [11, 0, 1, 2, 3, 4, 5]  # the pin and six by score: 10 rows less the pin, one explored and two that rotate
    for user, one in enumerate(lists(found)):
        assert [item for item in one if item < 6 or item == 11] == stay and 30 in one
        drawn = {*found.item[turned & (found.row == user)].tolist()}
        pool = [item for item in (6, 8, 10, *range(13, 22)) if user or item != 6][:10]
        assert len(drawn) == 2 and drawn <= {*pool}, "nothing shown, pinned or like another"
    np.testing.assert_allclose(found.propensity[turned], 0.1)


def test_what_is_offered_to_one_user_is_drawn_as_if_it_were_offered_to_all() -> None:
    seeds, items = np.arange(50, dtype=np.uint64), np.array([3, 8, 9, 20])
    may = np.random.default_rng(0).random((50, 4)) < 0.6
    one, other = draws(seeds, items, may, items // 8, 2), draws(seeds, np.tile(items, (50, 1)), may, items // 8, 2)
    np.testing.assert_array_equal(one.item, other.item)
    np.testing.assert_array_equal(one.propensity, other.propensity)
    assert (one.item[:, 0] != NOTHING).sum() == may.any(1).sum()


def test_days_of_a_pin_are_its_first_to_its_last() -> None:
    pin = Pin(item="x", rank=1, first=date(2017, 10, 30), last=date(2017, 10, 31))
    assert [pin.holds(f"2017-{day}") for day in ("10-29", "10-30", "10-31", "11-01")] == [False, True, True, False]
