"""A night that a bound of fairness holds back, by its jobs, and what is measured once lists are out."""

import pyarrow.compute as pc
import pytest

from lsif.registry import Registry
from tests.ranking import shop
from tests.ranking.harness import NEXT_DAY, WEEK_LATER, Shop

pytest_plugins = ["tests.ranking.harness"]


def bounds(of: Shop, text: str) -> None:
    file = of.home / "shop.toml"
    file.write_text(
        f"{file.read_text().partition('[fairness]')[0]}[fairness]\nmin_group = 5\n[checks.fairness]\n{text}\n"
    )


def verdicts(of: Shop, ds: str) -> dict[str, str]:
    return {row["check"]: row["verdict"] for row in of.tables.read("checks", [ds]).to_pylist()}


def test_a_night_is_held_back_the_last_good_lists_stay_and_a_person_may_let_it_pass(champion: Shop) -> None:
    champion.night()
    good = champion.tables.content_hash("recommendations", shop.DS)
    champion.run("score_users", ds=NEXT_DAY)
    champion.run("audit_recommendations", ds=NEXT_DAY)
    bounds(champion, "gini = { fail = 0.01 }\ncoverage = { warn = 1.0 }")
    said = champion.run("audit_recommendations", ds=NEXT_DAY, code=2)
    assert said.splitlines()[-1].startswith("audit_recommendations.py: the audit stops this list, nothing is published")
    assert "fail gini: " in said and "Gini's coefficient of exposure over items is 0." in said
    assert said.endswith('You may set checks.fairness.gini, or let this day pass: --accept gini --reason "..."\n')
    assert (verdicts(champion, NEXT_DAY)["gini"], verdicts(champion, NEXT_DAY)["coverage"]) == ("fail", "warn")
    assert "has not passed the audit" in champion.run("publish_recommendations", ds=NEXT_DAY, code=2)
    assert champion.tables.days("recommendations") == [shop.DS]
    assert champion.tables.content_hash("recommendations", shop.DS) == good

    word = ("--accept", "gini", "--reason", "few are for sale")
    said = champion.run("audit_recommendations", *word, ds=NEXT_DAY)
    assert "gini accepted: few are for sale" in said and "warn coverage: " in said
    assert verdicts(champion, NEXT_DAY)["gini"] == "accepted"
    champion.run("publish_recommendations", ds=NEXT_DAY)
    assert champion.tables.days("recommendations") == [shop.DS, NEXT_DAY]
    assert "gini accepted" in champion.run("audit_recommendations", "--force", ds=NEXT_DAY), "what was decided holds"


def test_what_other_bounds_refused_is_looked_at_again(champion: Shop) -> None:
    settings = (champion.home / "shop.toml").read_text()
    champion.run("score_users")
    champion.run("audit_recommendations")
    bounds(champion, "gini = { fail = 0.01 }")
    champion.run("audit_recommendations", "--force", code=2)
    (champion.home / "shop.toml").write_text(settings)
    assert "nothing to do" not in champion.run("audit_recommendations")
    champion.run("publish_recommendations")
    assert "nothing to do" in champion.run("audit_recommendations")


def test_what_lists_show_stands_in_the_metrics_of_their_night(champion: Shop) -> None:
    champion.night()
    champion.run("join_feedback")
    rows = champion.tables.read(
        "metrics_daily", [shop.DS], filter=pc.starts_with(pc.field("metric"), "fair.")
    ).to_pylist()
    found = {(row["metric"], row["segment"]) for row in rows if row["list"] == "for_you"}
    assert found >= {
        ("fair.exposure_to_taken", "item.popularity=head"),
        ("fair.gini", "users=all"),
        ("fair.coverage", "user.activity=low"),
        ("fair.popularity_lift", "user.history_length=short"),
        ("fair.calibration", "user.new_users=no"),
    }
    shares = [row["value"] for row in rows if (row["list"], row["metric"]) == ("for_you", "fair.exposure")]
    assert sum(shares) == pytest.approx(1), "of popularity alone: the catalogue knows no brand and no day"
    assert "nothing to do" in champion.run("join_feedback")


def test_a_horizon_later_groups_are_judged_and_the_worst_one_warns(champion: Shop) -> None:
    champion.night()
    bounds(champion, "worst_group = { warn = 5.0 }")
    said = champion.run("join_feedback", ds=WEEK_LATER)
    assert "join_feedback ds=2017-07-07: warn worst_group: " in said
    rows = champion.tables.read("metrics_daily", [WEEK_LATER]).to_pylist()
    segments = {row["segment"] for row in rows if (row["list"], row["metric"]) == ("for_you", "lsif.ndcg@10")}
    assert {"users=all", "user.activity=low", "user.history_length=short"} <= segments
    assert {row["segment"].partition("=")[0] for row in rows if row["metric"] == "worst_group.ndcg@10"} == {
        "user.activity",
        "user.history_length",
        "user.new_users",
    }
    assert verdicts(champion, WEEK_LATER) == {"worst_group": "warn"}
    bounds(champion, "worst_group = { warn = 0.0 }")
    assert "warn" not in champion.run("join_feedback", "--force", ds=WEEK_LATER)
    assert verdicts(champion, WEEK_LATER) == {"worst_group": "pass"}


def test_the_gate_holds_a_model_whose_trial_says_that_it_forgets_a_group(trained: Shop) -> None:
    measured = Registry().evaluation(Registry().version("challenger"))
    rival = {"version": "0", "trained_through": measured["cutoff"]}
    ours = [row for row in measured["comparison"] if row["contender"] == "lsif"]
    found = {
        "list": "for_you",
        "metric": "ndcg@10",
        "n": 60,
        "variance": 0.01,
        "rival_variance": 0.01,
        "covariance": 0.0,
    }
    of = {"user.activity=low": (0.1, 0.3), "user.activity=high": (0.5, 0.3)}
    groups = [{**found, "segment": segment, "value": mine, "rival": theirs} for segment, (mine, theirs) in of.items()]
    comparison = [*measured["comparison"], *({**row, "contender": "champion"} for row in ours)]
    said = {**measured, "rival": rival, "comparison": comparison, "groups": groups}
    trained.patch.setattr(Registry, "evaluation", lambda self, version: said)
    trained.run("gate")
    tags = Registry().version("1").tags
    assert tags["gate"] == "HOLD"
    assert (
        "for_you, user.activity=low: ndcg@10 0.1000 is clearly below 90% of champion 0's 0.3000" in tags["gate_reasons"]
    )
    file = trained.home / "shop.toml"
    file.write_text(file.read_text() + "[gate]\nmax_group_drop = 0.8\n")
    trained.run("gate")
    assert (
        "no group is clearly below 20% of champion 0's; the nearest is for_you, user.activity=low: ndcg@10 0.1000"
        in Registry().version("1").tags["gate_reasons"]
    )
