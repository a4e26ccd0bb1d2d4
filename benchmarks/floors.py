"""What a floor of exposure costs: NDCG@10 of lists with and without one, against what their users took afterwards.

    LSIF_HOME=HOME python -m benchmarks.floors --ds 2017-09-18,2017-09-25 --where "department = 'DELI'" MODEL_FOLDER

Of each day and each share all users' lists are made with a floor for those items and held against the horizon after
it. `exposure` is what the items have of the list's, and `difference` what a floor of nothing leads by, paired by user.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Settings, load_settings
from lsif.days import day_before, days_between
from lsif.evaluation.judgement import judgement
from lsif.features.ragged import Array
from lsif.list_rules import Floor, ListRules
from lsif.ranking.night import evening_of, lists_at
from lsif.ranking.rule_rows import holds, item_rows
from lsif.ranking.trained import TrainedModel
from lsif.registry.bundle import load_model
from lsif.tables import Tables

COLUMNS = ["list", "user_id", "rank", "item_id"]


def with_floor(settings: Settings, where: str, share: float) -> Settings:
    floors = (Floor(where=where, share=share),) if share else ()
    ranking = settings.ranking.model_copy(update={"rules": ListRules(floors=floors)})
    return settings.model_copy(update={"ranking": ranking})


def exposures(rows: pa.Table, theirs: pa.Array) -> Iterator[tuple[str, float]]:
    """List and the share of its exposure that some items have."""
    for name in pc.unique(rows["list"]).to_pylist():
        of_list = rows.filter(pc.field("list") == name)
        exposure: Array = 1 / np.log2(np.asarray(of_list["rank"]) + 1)
        yield name, float(exposure @ np.asarray(pc.is_in(of_list["item_id"], value_set=theirs)) / exposure.sum())


def at_day(
    tables: Tables, ds: str, settings: Settings, trained: TrainedModel, where: str, shares: Sequence[float]
) -> None:
    at = evening_of(tables, ds, settings, trained)
    ids = at.items["item_id"].combine_chunks()
    theirs = ids.filter(pa.array(holds(where, item_rows(at.items, ids, ds))))
    lists = {
        f"{share:g}": lists_at(tables, ds, with_floor(settings, where, share), trained, told=False).select(COLUMNS)
        for share in shares
    }
    until = day_before(ds, -settings.training.horizon_days)
    events = tables.read("events", days_between(day_before(ds, -1), until))
    shown = {contender: dict(exposures(rows, theirs)) for contender, rows in lists.items()}
    for row in judgement({name: [rows] for name, rows in lists.items()}, at, events, settings):
        if row["metric"] == "ndcg@10" and row["contender"] in lists:
            lead = f"{row['gain']:+.4f} ({row['gain_low']:+.4f} to {row['gain_high']:+.4f})"
            exposure = shown[row["contender"]][row["list"]]
            print(
                f"{ds} {row['list']:<10} floor {row['contender']:<5} exposure {exposure:.3f} "
                f"NDCG@10 {row['value']:.4f} difference {lead}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ds", required=True, help="days, with commas")
    parser.add_argument("--where", required=True, help="whose exposure")
    parser.add_argument(
        "--shares", default="0,0.05,0.1,0.2,0.3", help="floors; the first is what others are held against"
    )
    parser.add_argument("model", type=Path)
    args = parser.parse_args()
    settings = load_settings()
    tables, trained = Tables(settings.tables), load_model(args.model, "1")
    for ds in args.ds.split(","):
        at_day(tables, ds, settings, trained, args.where, [float(share) for share in args.shares.split(",")])


if __name__ == "__main__":
    main()
