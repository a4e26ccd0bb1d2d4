"""What privacy costs: NDCG@10 of all lists' kinds against epsilon, on held-out days of a validation cut.

    python -m benchmarks.private_training --log online_retail --epsilons 8,4,2,1 --seeds 3 --examples 3000

One line of JSON for each training as it ends, the one without privacy first. `for_you` is the list of everything,
`discover` that of what is new to a user. A private training draws its own randomness, so `seed` only numbers it.
"""

import argparse
import json
import time

from benchmarks.about import about
from benchmarks.quality.logs import LOGS
from benchmarks.quality.prepare import prepared
from lsif.config import Settings
from lsif.learning.cutoffs import Cutoffs, cutoffs
from lsif.learning.lessons import Lessons, learned, lessons
from lsif.learning.training import silent
from lsif.learning.trial import trial
from lsif.ranking.trained import TrainedModel
from lsif.tables import Tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", default="online_retail", choices=sorted(LOGS))
    parser.add_argument("--epsilons", default="8,4,2,1")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--examples", type=int, default=3_000)
    parser.add_argument("--cutoffs", type=int, default=8)
    options = parser.parse_args()
    log = LOGS[options.log].narrowed({LOGS[options.log].validation[-1]})
    tables, settings = prepared(log, ("validation",))
    settings = changed(settings, "training", examples=options.examples, cutoffs=options.cutoffs)
    at = cutoffs(log.validation[-1], settings.training, log.first)
    read = lessons(tables, at, settings)
    print(json.dumps({**about(), "log": log.name, **vars(at), "examples": read.drawn}), flush=True)
    for seed in range(options.seeds):
        for epsilon in (None, *(float(one) for one in options.epsilons.split(","))):
            how = changed(changed(settings, "privacy", epsilon=epsilon), "training", seed=seed)
            print(json.dumps({"seed": seed, "epsilon": epsilon, **outcome(tables, at, read, how)}), flush=True)


def changed(settings: Settings, section: str, **values: object) -> Settings:
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=values)})


def outcome(tables: Tables, at: Cutoffs, read: Lessons, settings: Settings) -> dict[str, object]:
    """NDCG@10 by list and contender, and what the training took and spent."""
    began = time.process_time()
    made = learned(read, settings, silent)
    took = time.process_time() - began
    model = TrainedModel(made.model, made.index, "benchmark", settings.interests, at.trained_through)
    rows = [row for row in trial(tables, at, settings, model, None).comparison if row["metric"] == "ndcg@10"]
    found = {f"{row['list']} {row['contender']}": round(row["value"], 4) for row in rows}
    return {"cpu_seconds": round(took), **found, **(made.spent.tags() if made.spent else {})}


if __name__ == "__main__":
    main()
