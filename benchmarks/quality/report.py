"""Results as rows, as one printed table per track, and as JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.about import about
from benchmarks.quality.bench import TRACKS, Entry, Outcome
from benchmarks.quality.summary import Panel, mean_panel

SEED = 20171201
EVERYONE = "everyone"
SHOWN = {
    "NDCG10": "ndcg@10",
    "rec10": "recall@10",
    "hit10": "hit_rate@10",
    "MAP10": "map@10",
    "MRR10": "mrr@10",
    "NDCG20": "ndcg@20",
    "rec20": "recall@20",
}
WHOLE = {"cover": "coverage@10", "novel": "novelty@10", "personal": "personalisation@10"}
"""Heading = metric. The JSON holds every metric at 10 and 20."""
TITLES = {
    "all": "every item, those had before included",
    "new": "explore only: items the user never had (filtered lists)",
    "cold": "cold items only: first seen in the last week before the cut, or never",
}
Row = dict[str, Any]


def rows(of: Outcome) -> list[Row]:
    """One row per track, slice, metric and list; `gain` is the first list's lead over the row's, paired by user."""
    found = [row for track in TRACKS for row in _of_track(of, track, EVERYONE)]
    for track in ("all", "new"):
        for where in sorted(of.windows[0].slice["slice"].unique().to_list()):
            found += [row for row in _of_track(of, track, where) if row["metric"] in ("ndcg@10", "recall@10")]
    return found


def _of_track(of: Outcome, track: str, where: str) -> list[Row]:
    users = sorted({user for window in of.windows for user in window.users(track, where)})
    if not users:
        return []
    members = [set(window.users(track, where)) for window in of.windows]
    metrics = of.entries[0].scored[track][0][0].per_user
    found: list[Row] = []
    for metric in metrics:
        panels = [mean_panel([_panel(seed, metric, users, members) for seed in e.scored[track]]) for e in of.entries]
        found += [
            _row(of, e, panel, panels[0], {"track": track, "slice": where, "metric": metric})
            for e, panel in zip(of.entries, panels, strict=True)
        ]
    return found if where != EVERYONE else found + _whole(of, track)


def _panel(scored: list[Any], metric: str, users: list[str], members: list[set[str]]) -> Panel:
    panel = Panel.of(scored, metric, users)
    for cut, inside in enumerate(members):
        panel.values[cut, [user not in inside for user in users]] = np.nan
    return panel


def _row(of: Outcome, entry: Entry, panel: Panel, first: Panel, where: Row) -> Row:
    own, lead = panel.interval(SEED), first.minus(panel).interval(SEED)
    seeds = [np.mean([one.per_user[where["metric"]].mean() for one in seed]) for seed in entry.scored[where["track"]]]
    return {
        **where,
        "list": entry.name,
        "value": own.mean,
        "low": own.low,
        "high": own.high,
        "gain": lead.mean,
        "gain_low": lead.low,
        "gain_high": lead.high,
        "by_cut": dict(zip([window.cut for window in of.windows], panel.by_cut().tolist(), strict=True)),
        "between_seeds": float(np.std(seeds, ddof=1)) if len(seeds) > 1 else None,
        "judged": int((~np.isnan(panel.values)).sum()),
    }


def _whole(of: Outcome, track: str) -> list[Row]:
    found = []
    for entry in of.entries:
        for metric in entry.scored[track][0][0].whole:
            value = np.mean([[one.whole[metric] for one in seed] for seed in entry.scored[track]])
            found.append(
                {"track": track, "slice": EVERYONE, "metric": metric, "list": entry.name, "value": float(value)}
            )
    return found


def show(of: Outcome, found: list[Row], console: Console) -> None:
    """One table per track, then one of the slices."""
    for track in TRACKS:
        own = [row for row in found if row["track"] == track and row["slice"] == EVERYONE]
        if own:
            console.print(_table(of, own, track))
    for track in ("all", "new"):
        own = [row for row in found if row["track"] == track and row["slice"] != EVERYONE]
        if own:
            console.print(_slices([row for row in own if row["metric"] == "ndcg@10"], track))


def _table(of: Outcome, found: list[Row], track: str) -> Table:
    cell = {(row["list"], row["metric"]): row for row in found}
    first = of.entries[0].name
    judged = cell[first, "ndcg@10"]["judged"]
    title = f"{of.log.name}, {of.stage}: {TITLES[track]} ({judged} user-cuts)"
    table = Table(
        "list", "NDCG@10 by cut", *SHOWN, *WHOLE, f"{first}'s lead (95 %)", "s", "GB", title=title, box=SIMPLE
    )
    for entry in sorted(of.entries, key=lambda e: -cell[e.name, "ndcg@10"]["value"]):
        main = cell[entry.name, "ndcg@10"]
        lead = "" if entry.name == first else f"{main['gain']:+.4f} ({main['gain_low']:+.4f} {main['gain_high']:+.4f})"
        weeks = " ".join(map(_short, main["by_cut"].values()))
        values = [_short(cell[entry.name, metric]["value"]) for metric in SHOWN.values()]
        whole = [f"{cell[entry.name, metric]['value']:.3f}" for metric in WHOLE.values()]
        cost = (f"{entry.seconds:.0f}", f"{entry.peak_bytes / 1e9:.1f}")
        table.add_row(entry.name, weeks, *values, *whole, lead, *cost)
    return table


def _short(value: float) -> str:
    return f"{value:.4f}".lstrip("0")


def _slices(found: list[Row], track: str) -> Table:
    names = sorted({row["slice"] for row in found})
    cell = {(row["list"], row["slice"]): row for row in found}
    title = f"NDCG@10 by length of history, {TITLES[track]} (lead of the first, 95 %)"
    table = Table("list", *names, title=title, box=SIMPLE)
    for name in dict.fromkeys(row["list"] for row in found):
        here = [cell[name, where] for where in names]
        lead = "{value:.4f} ({gain:+.4f}: {gain_low:+.4f} {gain_high:+.4f})"
        table.add_row(name, *(lead.format(**row) for row in here))
    return table


def write(of: Outcome, found: list[Row], file: Path) -> None:
    """Everything that was measured and with what."""
    rivals = {
        entry.name: {
            "settings": entry.settings,
            "seconds_per_list": entry.seconds,
            "peak_bytes": entry.peak_bytes,
            "versions": entry.versions,
        }
        for entry in of.entries
    }
    content = {
        "log": of.log.name,
        "stage": of.stage,
        "cuts": [window.cut for window in of.windows],
        **about(),
        "bootstrap_seed": SEED,
        "rivals": rivals,
        "rows": found,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1))
