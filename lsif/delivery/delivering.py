"""One delivery: beside what is live, whole, and then one switch."""

from contextlib import suppress

from lsif.delivery.published import Published
from lsif.delivery.standing import Live, Place
from lsif.errors import LsifError, Superseded
from lsif.failpoints import failpoint


def holds(place: Place, ds: str, back: bool) -> bool:
    """Whether a place needs nothing of a day whose lists are what they were when they were last delivered.

    A day that somebody went back from does not come up again by itself.
    """
    live = place.live()
    if live is None or live.hours_left == 0:
        return False
    return live.ds == ds if back else live.newest >= ds


def delivered(place: Place, published: Published, back: bool = False, again: bool = False) -> str:
    """Make a day's lists live, unless a newer day is; returns what was done, for people.

    Args:
        back: an older day than the live one is meant.
        again: write the rows also where they are live.

    Raises:
        Superseded: another delivery switched first; its lists are live.
        LsifError: the place did not keep every row; what was live is.
    """
    load, live = published.load, place.live()
    if live and live.load == load.id and live.hours_left != 0 and not again:
        return f"load {live.number} is live already"
    if live and live.ds > load.ds and not back:
        return f"not delivered: the lists of {live.ds} are live, and newer (--back goes back)"
    if not again and (kept := place.kept(load)):
        place.switch(kept, load, None, live)
        return f"load {kept} was still there and is live again"
    number = place.begin(load)
    try:
        failpoint("after_begin")
        rows = place.write(number, published.batches())
        if rows != published.rows:
            raise LsifError(f"{published.rows:,} rows were sent and {rows:,} are there: what is live stays")
        failpoint("after_load")
        place.switch(number, load, rows, live)
        failpoint("after_switch")
    except Exception as error:  # the database's own among them: whoever switches deletes what older ones wrote
        _give_up(place, number, live, error)
        raise
    place.sweep(number)
    return f"load {number} is live"


def _give_up(place: Place, number: int, seen: Live | None, error: Exception) -> None:
    """Leave nothing behind where the place still answers; another delivery is the reason where there was one."""
    live = seen
    with suppress(Exception):
        live = place.live()
        if live is None or live.number != number:
            place.discard(number)
    if live and live != seen and live.number != number and not isinstance(error, Superseded):
        raise Superseded(f"another delivery was first: load {live.number} of ds={live.ds} is live") from error
