"""Evidence and reason of each row, as the tables have them.

Shapes: R rows of the lists of a chunk, P pieces of evidence of each.
"""

import numpy as np
import pyarrow as pa

from lsif.config import Settings
from lsif.features.ragged import Array, day_number, indices_in
from lsif.ranking.evidence import HISTORY, NONE, WINDOW, Evidence
from lsif.ranking.rows import SCHEMA, Ranked, Said
from lsif.ranking.sentences import Sentences, Told, by_code
from lsif.ranking.texts.en import ENGLISH
from lsif.ranking.texts.titles import printable
from lsif.ranking.texts.zh import CHINESE
from lsif.ranking.traces import Facts, Traces

LANGUAGES = {"en": ENGLISH, "zh": CHINESE}
PIECES = pa.array([None, "history", "window"])
"""`piece` of `evidence`, by kind."""
KIND = SCHEMA.field("evidence").type


class Reasons:
    """What the reasons of one night share.

    Args:
        items: rows of the table `items`.
        item_ids: of every item by number.
    """

    def __init__(self, settings: Settings, items: pa.Table, item_ids: pa.Array, ds: str) -> None:
        titles = items["title"].cast(pa.string()).combine_chunks()
        at = indices_in(item_ids, items["item_id"].cast(pa.string()).combine_chunks())
        self._item_ids, self._today = item_ids, day_number(ds)
        known = printable(titles.take(pa.array(at, mask=at < 0)), item_ids)
        self._sentences = Sentences(LANGUAGES[settings.text.language], ds, known)

    def of(self, lists: Ranked, code: pa.Array, found: Evidence, users: Array, traces: Traces) -> Said:
        """Of the rows of a chunk, whose users stand at positions `users` in the block that the traces are of."""
        facts = _facts(found, users[lists.row], traces)
        there = found.kind != NONE
        verbs = np.array([*map(self._sentences.verb, traces.types), 0])
        told = Told(code, lists.own, found.searched, there, facts.item, verbs[facts.type], facts.last, facts.gap)
        return Said(self._evidence(found, facts, traces), self._sentences.of(told))

    def _evidence(self, found: Evidence, facts: Facts, traces: Traces) -> pa.Array:
        there = found.kind != NONE
        item, type_ = facts.item[there], facts.type[there]
        columns = {
            "item_id": self._item_ids.take(pa.array(item)),
            "piece": PIECES.take(pa.array(found.kind[there])),
            "event_type": pa.array(traces.types).take(pa.array(type_, mask=type_ < 0)),
            "events": pa.array(facts.count[there]),
            "first_day": self._day(facts.first[there]),
            "last_day": self._day(facts.last[there]),
            "share": pa.array(found.share[there]),
        }
        flat = pa.StructArray.from_arrays(
            [columns[field.name].cast(field.type) for field in KIND.value_type], fields=list(KIND.value_type)
        )
        ends = np.concatenate([[0], there.sum(1).cumsum()]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(ends), flat)

    def _day(self, ago: Array) -> pa.Array:
        return pa.array((self._today - ago).astype(np.int32)).cast(pa.date32())


def without_evidence(settings: Settings, code: pa.Array) -> Said:
    """Of rows of which nothing is known but why they are there: `reason_code` [R]."""
    empty = pa.ListArray.from_arrays(pa.array(np.zeros(len(code) + 1, np.int32)), pa.array([], KIND.value_type))
    return Said(empty, by_code(LANGUAGES[settings.text.language], code))


def _facts(found: Evidence, user: Array, traces: Traces) -> Facts:
    """Of all pieces, noughts where there is none [R, P]."""
    whole = {name: np.zeros(found.kind.shape, np.int64) for name in ("item", "type", "count", "first", "last")}
    facts = Facts(**whole, gap=np.zeros(found.kind.shape))
    owner = np.broadcast_to(user[:, None], found.kind.shape)
    for kind, of in ((HISTORY, traces.of_history), (WINDOW, traces.of_window)):
        there = found.kind == kind
        for name, values in vars(of(owner[there], found.at[there])).items():
            getattr(facts, name)[there] = values
    return facts
