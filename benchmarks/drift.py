"""Ordinary nights beside those before them: how often does a check of drift speak, and would it of a shift?

    LSIF_HOME=COPY python -m benchmarks.drift --from 2017-09-18 --to 2017-11-01 MODEL_FOLDER

On a copy of a home, since windows, states and profiles of nights that it lacks are written into it. MODEL_FOLDER is a
model as files (`<tables>/_kept/champion/...`). Of each night exactly the users are scored whose numbers a night counts.
Each input of each night is then moved by one of the model's deviations, up and down, and each source's day halved.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pyarrow as pa

from lsif.bounds import Drift
from lsif.config import Settings, load_settings
from lsif.days import day_before, days_between
from lsif.drift.checks import JUDGED, profile_checks
from lsif.drift.histogram import Histogram
from lsif.drift.profile import INPUTS, Key, Profile
from lsif.drift.psi import psi
from lsif.drift.reference import Reference, reference
from lsif.features.group_features import group_feature_names
from lsif.features.history_features import history_feature_names
from lsif.features.item_features import COLUMNS
from lsif.features.steps import store_states
from lsif.features.user_features import USER_FEATURES
from lsif.interests.storing import events_in_window
from lsif.interests.windows import COLUMNS as EVENT
from lsif.interests.windows import windows_at
from lsif.ranking.counted import USERS
from lsif.ranking.night import evening_of
from lsif.ranking.sampled import seeds
from lsif.ranking.scoring import recommend_batches
from lsif.ranking.tally import Tally
from lsif.ranking.trained import TrainedModel
from lsif.registry.bundle import load_model
from lsif.tables import Tables


def night(tables: Tables, ds: str, settings: Settings, trained: TrainedModel) -> None:
    """Count a night and keep its profile as publishing does."""
    for at in (day_before(ds, settings.interests.recent_days), ds):
        if at not in tables.days("recent_windows"):
            writer = tables.writer("recent_windows")
            events = tables.read("events", events_in_window(tables, settings, at), EVENT)
            writer.write(at, windows_at(events, at, settings.interests.recent_days, settings.interests.window_events))
            writer.commit()
    if ds not in tables.days("item_states"):
        store_states(tables, ds, settings)
    at_ds, tally = evening_of(tables, ds, settings, trained), Tally()
    ids = at_ds.people.ids
    drawn = ids.filter(pa.array(seeds(ids, ds) / 2.0**64 < USERS / len(ids))).to_pylist()
    for _ in recommend_batches(trained, at_ds, settings, drawn, tally=tally):
        pass
    rows = [{**row, "model_version": trained.version} for row in tally.profile.rows()]
    writer = tables.writer("night_profiles")
    writer.write(ds, pa.Table.from_pylist(rows, tables.schema("night_profiles")))
    writer.commit()


def deviations(trained: TrainedModel) -> dict[Key, float]:
    """Of the inputs that the model standardises."""
    half_lives, model = trained.interests.half_lives_days, trained.model
    said = trained.index.labels.names if trained.index.labels else ()
    named = {
        "users": (USER_FEATURES, model.user_scale),
        "history": (history_feature_names(half_lives, trained.index.event_types), model.history_scale),
        "groups": (group_feature_names(half_lives, said), model.group_scale),
        "items": (COLUMNS, model.item_scale),
    }
    return {
        (part, name): float(deviation)
        for part, (names, scale) in named.items()
        for name, deviation in zip(names, scale.deviation.tolist(), strict=False)
    }


def moved(of: Histogram, by: float) -> Histogram:
    return Histogram(of.width, of.first + round(by * 2.0**-of.width), of.counts, of.missing)


def shifted(now: Profile, before: Reference, wide: dict[Key, float]) -> Iterator[tuple[Key, float]]:
    """The index of each input that is moved by a deviation, the nearer of two ways and of the night's weekday."""
    sums = (before.profiles[False].of, before.weekdays[False].of)
    for key, histogram in now.of.items():
        if key in wide and histogram.counted:
            ways = [moved(histogram, way * wide[key]) for way in (-1, 1)]
            yield key, min(psi(was[key], one) for one in ways for was in sums if key in was)


def fallen(rows: dict[str, int], ds: str, share: float) -> float:
    before = [rows[day] for day in (day_before(ds, 7 * week) for week in range(1, 5)) if day in rows]
    return 1 - share * rows[ds] / median(before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="first", required=True)
    parser.add_argument("--to", dest="last", required=True)
    parser.add_argument("model", type=Path)
    args = parser.parse_args()
    settings, bounds = load_settings(), Drift()
    tables, trained = Tables(settings.tables), load_model(args.model, "1")
    wide, highest, spoken, missed, judged = deviations(trained), dict.fromkeys(JUDGED, 0.0), 0, 0, 0
    for ds in days_between(args.first, args.last):
        began = time.process_time()
        if ds not in tables.days("night_profiles"):
            night(tables, ds, settings, trained)
        now = Profile.from_rows(tables.read("night_profiles", [ds]).to_pylist())
        before = reference(tables, ds, trained.version, bounds)
        checks = {check.name: check for check in profile_checks(now, before, bounds)}
        told = [f"{check.name} {check.note}" for check in checks.values() if check.verdict != "pass"]
        numbers = {name: checks[name].value for name in JUDGED}
        print(ds, f"{time.process_time() - began:.0f} CPU s", numbers, *told, flush=True)
        if before.nights[False] < bounds.nights:
            continue
        spoken += bool(told)
        highest = {name: max(highest[name], numbers[name] or 0.0) for name in JUDGED}
        indices = dict(shifted(now, before, wide))
        judged += len(indices)
        missed += sum(index <= (bounds.psi_inputs.warn or 0) for index in indices.values())
    print(f"nights that spoke {spoken}; highest {highest}")
    print(f"inputs moved by a deviation, {', '.join(INPUTS)}: {judged}, of which not seen: {missed}")
    rows = tables.rows("events")
    days = [ds for ds in sorted(rows) if day_before(ds, 28) in rows]
    beyond = [sum(fallen(rows, ds, share) > (bounds.source_drop.warn or 0) for ds in days) for share in (1.0, 0.5)]
    print(f"{len(days)} days of events: {beyond[0]} speak as they are, {beyond[1]} when halved")


if __name__ == "__main__":
    main()
