"""The first sentence: may the night stay?"""

from dataclasses import dataclass

from lsif.ranking.checks import FAIL
from lsif.ranking.rows import NO_MODEL
from lsif.report import judged
from lsif.report.blocks import Figure, Tone
from lsif.report.night import Night, Row
from lsif.report.numbers import count, percent, relative
from lsif.report.steps import AUDIT
from lsif.report.texts.words import Words


@dataclass(frozen=True)
class Verdict:
    """What a person reads who reads nothing else.

    Attributes:
        word: one or two words; `tone` is their colour.
        tonight: of the night's lists; `past`: of the newest night that could be judged.
        remarks: what else is to be looked at, a sentence each.
    """

    tone: Tone
    word: str
    tonight: str
    past: str
    remarks: list[str]
    figures: list[Figure]


def verdict(night: Night, say: Words) -> Verdict:
    found = judged.newest(night)
    remarks = _remarks(night, say)
    losing = [one for one in found[1] if one.loses] if found else []
    if not night.published or night.stopped:
        tone: Tone = "bad"
        word = say("held" if night.stopped else "unfinished")
    else:
        tone = "warn" if remarks or losing else "good"
        word = say("stays_with_remarks" if tone == "warn" else "stays")
    return Verdict(tone, word, _tonight(night, say), _past(night, say, found), remarks, _figures(night, say, found))


def reason(night: Night, say: Words) -> str:
    """Why the lists are held: checks that failed of the step that stopped them, in words; else the step."""
    if failed := _failed(night):
        return say.listed([_name(row, say) for row in failed])
    return say("step_failed", step=say.name(night.stopped["step"])) if night.stopped else ""


def _failed(night: Night) -> list[Row]:
    """Checks that stopped the night; one of another step, as the guard of an experiment, has not."""
    step = night.stopped["step"] if night.stopped else None
    return [row for row in night.checks if row["verdict"] == "fail" and row["step"] == step]


def _name(row: Row, say: Words) -> str:
    """A name may have whose it is behind it, as `guard b`."""
    check, _, of = str(row["check"]).partition(" ")
    told = say.name(f"check.{check}" if f"check.{check}" in say.names else check)
    return f"{told}, {of}" if of else told


def why(row: Row, say: Words) -> str:
    """A check in words; what the audit says of wrong rows stands in the table `checks` alone, since it names users."""
    names_users = row["step"] == AUDIT and row["check"] in FAIL
    return f"{_name(row, say)} ({row['note']})" if row["note"] and not names_users else _name(row, say)


def _tonight(night: Night, say: Words) -> str:
    if not night.published:
        stay = say("last_good", day=say.of_day(night.last_published)) if night.last_published else say("none_good")
        return say("tonight_held", reason=reason(night, say), stay=stay) if night.stopped else say("not_run", stay=stay)
    if night.stopped:
        return say("tonight_held", reason=reason(night, say), stay=say("earlier_run"))
    users, _, lists = night.reach
    if night.model and night.model.version == NO_MODEL:
        return say("tonight_popular", users=count(users))
    version = night.model.version if night.model else "?"
    return say("tonight_out", users=count(users), lists=lists, version=version)


def _past(night: Night, say: Words, found: tuple[str, list[judged.Judged]] | None) -> str:
    if found is None:
        return say("not_judged", days=night.horizon)
    day, lists = found
    wins = sum(one.wins for one in lists)
    key = "judged_all" if wins == len(lists) else "judged_some" if wins else "judged_none"
    return say(key, day=say.of_day(day), wins=wins, lists=len(lists))


def _remarks(night: Night, say: Words) -> list[str]:
    stopping = _failed(night)
    beyond = [row for row in night.checks if row["verdict"] != "pass" and row not in stopping]
    beyond.sort(key=lambda row: row["verdict"] != "fail")
    remarks = [*_stopped(night, say), *(say("remark_fail", what=why(row, say)) for row in stopping)]
    remarks += [
        say(f"remark_{'warn' if row['verdict'] == 'fail' else row['verdict']}", what=why(row, say)) for row in beyond
    ]
    remarks += [say("remark_failed", step=say.name(row["step"])) for row in night.failed_afterwards]
    found = judged.newest(night)
    for one in found[1] if found else []:
        if one.loses:
            remarks.append(say("remark_loses", list=say.name(one.name), rival=say.name(one.rival)))
    return remarks


def _stopped(night: Night, say: Words) -> list[str]:
    """Where to look for what the step said that stopped the night: not quoted, since it may name a user."""
    if night.stopped is None or _failed(night):
        return []
    return [say("remark_stopped", step=say.name(night.stopped["step"]), name=night.stopped["step"], ds=night.ds)]


def _figures(night: Night, say: Words, found: tuple[str, list[judged.Judged]] | None) -> list[Figure]:
    figures = []
    if night.published:
        users, rows, lists = night.reach
        figures.append(Figure(say("fig_users"), count(users), say("fig_users_note", rows=count(rows), lists=lists)))
    if found:
        first = found[1][0]
        lead = relative(first.ours["value"], first.theirs["value"])
        tone: Tone = "good" if first.wins else "bad" if first.loses else "plain"
        note = say("fig_lead_note", list=say.name(first.name), rival=say.name(first.rival), day=found[0])
        figures.append(Figure(say("fig_lead"), lead or "–", note, tone))
        if first.hits:
            note = say("fig_hits_note", list=say.name(first.name), cut=night.cut, n=count(first.hits["n"]))
            figures.append(Figure(say("fig_hits"), percent(first.hits["value"], 0), note))
    bad = [row for row in night.checks if row["verdict"] != "pass"]
    if night.checks:
        note = say("fig_checks_note" if bad else "fig_checks_well")
        value = f"{len(night.checks) - len(bad)} / {len(night.checks)}"
        figures.append(Figure(say("fig_checks"), value, note, "warn" if bad else "good"))
    return figures
