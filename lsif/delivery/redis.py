"""Redis or Valkey: a value for each list, and a pointer to the load that is live.

`PREFIX:live` holds a number, `PREFIX:7:for_you:385` the rows of user 385 in load 7, as JSON, `PREFIX:7:4711` those
beside item 4711. Both end by themselves after a time, the pointer first; `PREFIX:now`, which does not, knows what was
live.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import valkey

from lsif.delivery.redis_values import values
from lsif.delivery.standing import Live, Load
from lsif.errors import LsifError, Superseded

HOUR = 3600
LONGER = HOUR
"""That a value outlives the pointer: no more than a task may take to write them."""
KEYS = 10_000
"""That the server looks at between two other commands."""


class RedisPlace:
    """One prefix on one server."""

    def __init__(self, client: Any, prefix: str, ttl_hours: int, owner: Sequence[str]) -> None:
        """
        Args:
            client: a `valkey.Valkey`, whose answers are typed as if they might have to be waited for.
            owner: columns that say whose list a row is in.
        """
        self._client, self._prefix, self._seconds, self._owner = client, prefix, ttl_hours * HOUR, owner
        self._now, self._pointer = f"{prefix}:now", f"{prefix}:live"

    def live(self) -> Live | None:
        found, milliseconds = self._client.get(self._now), self._client.pttl(self._pointer)
        if found is None:
            return None
        hours = None if milliseconds == -1 else max(milliseconds, 0) / HOUR / 1000  # -2: there is none any more
        return Live(**json.loads(found), hours_left=hours)

    def kept(self, load: Load) -> int | None:
        return None  # a value that is left will not be for as long as a new one

    def begin(self, load: Load) -> int:
        if live := self.live():
            self._unlink(live.number)
        number: int = self._client.incr(f"{self._prefix}:number")
        return number

    def write(self, number: int, rows: Iterable[pa.Table]) -> int:
        there = 0
        for some in values(rows, self._owner):
            sent = self._client.pipeline(transaction=False)
            for name, value, _ in some:
                sent.set(f"{self._prefix}:{number}:{name}", value, nx=True, ex=self._seconds + LONGER)
            answers = sent.execute()
            if twice := [name for (name, *_), new in zip(some, answers, strict=True) if not new]:
                raise LsifError(f"the list {twice[0]!r} is in two places: make and publish the day again")
            there += sum(count for *_, count in some)
        return there

    def switch(self, number: int, load: Load, rows: int | None, seen: Live | None) -> None:
        newest = max(load.ds, seen.newest) if seen else load.ds
        now = asdict(Live(number, load.id, load.ds, rows or 0, newest))
        del now["hours_left"]
        with self._client.pipeline() as changed:
            changed.watch(self._now)
            live = self.live()
            if live != seen:
                raise Superseded(f"another delivery was first: load {live.number if live else None} is live")
            changed.multi()
            changed.set(self._now, json.dumps(now))
            changed.set(self._pointer, number, ex=self._seconds)
            try:
                changed.execute()
            except valkey.WatchError as error:
                raise Superseded("another delivery was first, at the same moment: its load is live") from error

    def discard(self, number: int) -> None:
        self._delete(self._client.scan_iter(f"{self._prefix}:{number}:*", KEYS))

    def sweep(self, live: int) -> None:
        """At the next beginning: now a reader may stand between its two steps."""

    def _unlink(self, live: int) -> None:
        """Whatever attempts before `live` wrote."""
        ours = self._client.scan_iter(f"{self._prefix}:[0-9]*:*", KEYS)
        place = self._prefix.count(":") + 1
        self._delete(key for key in ours if (at := key.split(b":")[place]).isdigit() and int(at) < live)

    def _delete(self, keys: Iterator[bytes]) -> None:
        some: list[bytes] = []
        for key in keys:
            some.append(key)
            if len(some) == KEYS:
                self._client.unlink(*some)
                some = []
        if some:
            self._client.unlink(*some)
