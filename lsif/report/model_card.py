"""The model that made the lists, in short: what it learned from, and what the gate said."""

from collections.abc import Sequence

from lsif.outages import without_login
from lsif.ranking.rows import NO_MODEL
from lsif.report.blocks import Block, Cell, Grid, Section, Tone, number, text
from lsif.report.judged import metric
from lsif.report.night import ModelFacts, Night, Row
from lsif.report.numbers import score, signed
from lsif.report.texts.words import Words

FACTS = ("ds", "trained_through", "text_encoder", "gate", "gate_reasons")
HASHES = ("data_hash", "config_hash", "code_hash", "manifest_sha256")
MOVES = "SELECT seq, ds, alias, from_version, to_version, who, reason FROM alias_history ORDER BY seq DESC LIMIT 10"
USED = "SELECT DISTINCT ds, model_version FROM recommendations ORDER BY ds DESC LIMIT 30"


def model_card(night: Night, say: Words) -> Section:
    if night.model is None:
        return Section("model", say("model"), say("model_no_lists"))
    if night.model.version == NO_MODEL:
        return Section("model", say("model"), say("model_none"), (), (USED,))
    blocks: list[Block] = []
    if night.model.tags:
        blocks += [_facts(night.model, say), _hashes(night.model, say)]
    if night.model.comparison:
        blocks.append(_gate(night, night.model.comparison, say))
    lead = say("model_lead", version=night.model.version)
    if not night.model.tags:
        lead += " " + say("model_away", because=without_login(night.model.because))
    return Section("model", say("model"), lead, blocks, (USED, MOVES))


def _facts(model: ModelFacts, say: Words) -> Grid:
    rows = [
        [text(say(f"fact_{name}")), text(model.tags[name], _tone(name, model))] for name in FACTS if name in model.tags
    ]
    if decision := model.tags.get("decision"):
        said = f"{say.name(decision)}, {model.tags.get('decision_ds', '')}: {model.tags.get('decision_reason', '')}"
        rows.append([text(say("fact_decision")), text(said)])
    return Grid(say("model_facts"), [say("what"), say("value")], rows)


def _hashes(model: ModelFacts, say: Words) -> Grid:
    rows = [[text(say(f"fact_{name}")), text(model.tags[name][:16])] for name in HASHES if name in model.tags]
    return Grid(say("model_hashes"), [say("what"), say("value")], rows, folded=True)


def _tone(name: str, model: ModelFacts) -> Tone:
    if name != "gate":
        return "plain"
    return "good" if model.tags["gate"] == "PASS" else "warn"


def _gate(night: Night, comparison: Sequence[Row], say: Words) -> Grid:
    """NDCG@10 of the version and of what it was compared with, on days held out of its training."""
    rows = [row for row in comparison if row["metric"] == metric(night)]
    order = {name: place for place, name in enumerate(night.lists({str(row["list"]) for row in rows}))}
    grid = [_line(row, say) for row in sorted(rows, key=lambda row: (order[str(row["list"])], -float(row["value"])))]
    return Grid(
        say("model_gate"), [say("list"), say("contender"), say("col_score"), say("col_lead")], grid, folded=True
    )


def _line(row: Row, say: Words) -> list[Cell]:
    ends = f"{score(row['value'])} ({score(row['low'])} – {score(row['high'])})"
    lead = ""
    if row.get("gain") is not None and row["contender"] != "lsif":
        lead = f"{signed(row['gain'])} ({signed(row['gain_low'])} – {signed(row['gain_high'])})"
    return [text(say.name(str(row["list"]))), text(say.name(str(row["contender"]))), number(ends), number(lead)]
