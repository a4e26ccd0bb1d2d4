"""Two promotions at once, on a real MLflow, which has no compare-and-swap: one stands, and both are told of."""

from pathlib import Path
from random import Random

from lsif.errors import Superseded
from lsif.registry import History, Registry, note_moves, promote
from lsif.registry.moving import Told, move
from lsif.tables import Tables
from tests.faults import steps
from tests.faults.tally import Tally

DS, SEED, STEPS = "2017-06-30", 4, 7
"""Of a promotion: to the alias `previous`, the decision, the champion; a file of the history, its commit; its end."""


def begun(name: str, root: Path) -> tuple[Registry, Tables]:
    """Version 1 is champion; the gate has passed 2 and 3."""
    registry, tables = Registry(name=name), Tables(str(root))
    registry.client.create_registered_model(name)
    for _ in range(3):
        registry.client.create_model_version(name, "file:///nowhere", tags={"ds": DS, "gate": "PASS"})
    registry.point("champion", "1")
    note_moves(registry, tables, DS)
    return registry, tables


def two_at_once(order: str, name: str, root: Path, tally: Tally) -> None:
    registry, tables = begun(name, root)

    def promotion(number: str) -> str:
        own = Registry(name=name)
        return move(own, Tables(str(root)), Told(f"promote by {number}", DS), lambda _: promote(own, number, DS))

    ends = dict(zip("23", steps.run(order, lambda: promotion("2"), lambda: promotion("3")), strict=True))
    assert all(end is None or isinstance(end, Superseded) for end in ends.values()), (order, ends)
    history, stands = History.read(tables), registry.aliases()["champion"]
    rows = [row for row in history.rows if row["alias"] == "champion"]
    told = {row["to_version"] for row in rows if "somebody" not in row["who"]}
    told |= {number for number in ends if registry.version(number).tags["decision"] == "superseded"}
    assert told >= ends.keys(), f"{order}: nothing tells of one"
    partial = [row["from_version"] for row in rows[1:]] != [row["to_version"] for row in rows[:-1]]
    lost = ends[stands] is not None or history.aliases() != registry.aliases()
    tally.add("two promotions at once", partial, lost, len({row["seq"] for row in history.rows}) < len(history.rows))


def orders(count: int) -> list[str]:
    """Step beside step, and others by chance."""
    chance, beside = Random(SEED), "ab" * STEPS
    return [beside, *("".join(chance.sample(beside, len(beside))) for _ in range(count - 1))]
