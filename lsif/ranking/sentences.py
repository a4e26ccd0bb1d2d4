"""The reason of each row as a sentence: a template of the language, filled with titles and days of the row's evidence.

Templates are cut at their `$name`s before a value is seen, and values are only ever joined: nothing that stands in a
title is read as a part of a template.

Shapes: R rows, P pieces of evidence of each.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.ragged import Array
from lsif.ranking.texts.words import Words

LONGEST_AGO = 3660
"""Days, beyond which no more is said than that."""
BY_CODE, OFTEN, ONCE, ONE, ALIKE, TWO = range(6)
"""What a row says: why it is there, or a sentence of its evidence."""
SLOT = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True)
class Told:
    """What the sentences of some rows are of.

    Attributes:
        code: `reason_code` [R].
        own: whether the user had the item [R].
        searched: whether it stands on what the user searched for [R]; then there is no piece.
        there: whether there is a piece [R, P].
        item, verb, ago, gap: of each piece the item's number, the verb's, days since the last event, and between days
            with events, 0 where that is not known [R, P].
    """

    code: pa.Array
    own: Array
    searched: Array
    there: Array
    item: Array
    verb: Array
    ago: Array
    gap: Array


class Sentences:
    """What the sentences of one night share.

    Args:
        titles: of every item, fit for a sentence [V].
    """

    def __init__(self, words: Words, ds: str, titles: pa.Array) -> None:
        self._words, self._titles = words, titles
        self._name = titles.dictionary_encode().indices.to_numpy()
        day = date.fromisoformat(ds)
        agos = range(LONGEST_AGO + 1)
        self._when = pa.array([words.when(ago, (day - timedelta(ago)).weekday()) for ago in agos])
        self._gap = pa.array([words.gap(max(days, 1)) for days in agos])
        self._verbs = {kind: number for number, verb in enumerate(words.verbs) for kind in verb.types}

    def verb(self, event_type: str) -> int:
        """The number of the verb for an event type; 0 is fit for all."""
        return self._verbs.get(re.sub(r"[\W_]", "", event_type.lower()), 0)

    def of(self, told: Told) -> pa.Array:
        """[R]"""
        every = np.arange(len(told.own))
        name = self._name[told.item]
        other = told.there & (name != name[:, :1])
        second = other.argmax(1)
        form = self._forms(told, other.any(1), second)
        verb, verb_too = told.verb[:, 0], np.where(form == TWO, told.verb[every, second], 0)
        count = len(self._words.verbs)
        alike = (form * count + np.where(form == BY_CODE, 0, verb)) * count + verb_too
        kinds, kind = np.unique(alike, return_inverse=True)
        order, parts = np.argsort(kind, kind="stable"), []
        for number in range(len(kinds)):
            rows = np.flatnonzero(kind == number)
            parts.append(self._joined(told, rows, second[rows], int(form[rows[0]])))
        place = np.empty(len(order), np.int64)
        place[order] = every
        return pa.concat_arrays([pa.array([], pa.string()), *parts]).take(pa.array(place))

    def _forms(self, told: Told, has_second: Array, second: Array) -> Array:
        every = np.arange(len(told.own))
        same = (told.verb[:, 0] == told.verb[every, second]) & (told.ago[:, 0] == told.ago[every, second])
        of_new = np.where(~has_second, ONE, np.where(same, ALIKE, TWO))
        of_own = np.where(told.gap[:, 0] > 0, OFTEN, ONCE)
        return np.where(told.there[:, 0], np.where(told.own, of_own, of_new), BY_CODE)

    def _joined(self, told: Told, rows: Array, second: Array, form: int) -> pa.Array:
        """Sentences of rows that share all but what is filled in."""
        if form == BY_CODE:
            plain = by_code(self._words, told.code.take(pa.array(rows)))
            return pc.if_else(pa.array(told.searched[rows]), self._words.searched, plain)
        words = self._words
        verb, too = (words.verbs[told.verb[rows[0], at]] for at in (0, second[0]))
        title, title_too = (words.titled.replace("$title", f"${name}") for name in ("first", "second"))
        it = words.this if form in (OFTEN, ONCE) else title
        if form == ALIKE:
            it = words.both.replace("$first", title).replace("$second", title_too)
        template = (words.often, words.once, words.one, words.alike, words.two)[form - OFTEN]
        trusted = {
            "$does": verb.does.replace("$it", it),
            "$did_too": too.did.replace("$it", title_too),
            "$did": verb.did.replace("$it", it),
        }
        for slot, text in trusted.items():
            template = template.replace(slot, text)
        return _filled(template, self._values(told, rows, second))

    def _values(self, told: Told, rows: Array, second: Array) -> Mapping[str, pa.Array]:
        def looked_up(values: pa.Array, at: Array) -> pa.Array:
            return values.take(pa.array(np.minimum(at, len(values) - 1).astype(np.int64)))

        return {
            "first": self._titles.take(pa.array(told.item[rows, 0])),
            "second": self._titles.take(pa.array(told.item[rows, second])),
            "when": looked_up(self._when, told.ago[rows, 0]),
            "when_too": looked_up(self._when, told.ago[rows, second]),
            "gap": looked_up(self._gap, np.rint(told.gap[rows, 0])),
        }


def by_code(words: Words, code: pa.Array) -> pa.Array:
    """Why rows are there of which there is no evidence, by their `reason_code` [R]."""
    return pa.array(words.codes.values()).take(pc.index_in(code, value_set=pa.array(words.codes.keys())))


def _filled(template: str, values: Mapping[str, pa.Array]) -> pa.Array:
    """A template with arrays in the place of its slots."""
    parts = SLOT.split(template)
    joined = [values[part] if at % 2 else part for at, part in enumerate(parts)]
    return pc.binary_join_element_wise(*joined, "")
