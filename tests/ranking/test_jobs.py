"""The jobs of training and scoring, from a trained challenger to feedback on its lists."""

import pyarrow.compute as pc
import pytest

from lsif.days import day_before
from lsif.registry import Registry
from tests.ranking import shop
from tests.ranking.harness import CUTOFFS, NEXT_DAY, WEEK_LATER, Shop

pytest_plugins = ["tests.ranking.harness"]


def test_training_registers_a_challenger_judged_on_unseen_days(trained: Shop) -> None:
    version = Registry().version("challenger")
    assert (version.number, version.tags["ds"], version.trained_through) == ("1", shop.DS, CUTOFFS[-1])
    measured = Registry().evaluation(version)
    assert measured["held_out"] == [day_before(shop.DS, n) for n in range(6, -1, -1)]
    assert measured["rival"] == "there is no champion yet"
    contenders: dict[str, set[str]] = {}
    for row in measured["comparison"]:
        contenders.setdefault(row["list"], set()).add(row["contender"])
    popular, counted = {"popularity_7d", "popularity_28d"}, {"frequency", "frequency_90d"}
    expected = {"for_you": popular | counted, "buy_again": counted, "discover": popular}
    assert contenders == {name: baselines | {"lsif"} for name, baselines in expected.items()}


def test_unchanged_inputs_train_no_second_version_but_force_does(trained: Shop) -> None:
    assert "nothing to do" in trained.run("train")
    trained.run("train", "--force")
    assert [version.number for version in Registry().versions()] == ["1", "2"]


def test_a_lost_registry_is_trained_for_again(trained: Shop) -> None:
    Registry().client.delete_model_version("lsif", "1")
    assert "nothing is fitted again" in trained.run("train")
    assert Registry().trained_for(shop.DS).number == "2"
    assert "nothing to do" in trained.run("train")


def test_training_compares_with_the_champion(champion: Shop) -> None:
    champion.run("train", "--force")
    measured = Registry().evaluation(Registry().version("challenger"))
    assert measured["rival"] == {"version": "1", "trained_through": CUTOFFS[-1]}
    rows = [row for row in measured["comparison"] if row["metric"] == "ndcg@10"]
    values = {(row["list"], row["contender"]): row["value"] for row in rows}
    for name in ("for_you", "buy_again", "discover"):
        assert values[name, "champion"] == values[name, "lsif"], "the same data and seed give the same model"
    groups = [row for row in measured["groups"] if row["list"] == "for_you"]
    assert {row["segment"] for row in groups} >= {"users=all", "user.activity=low", "user.history_length=short"}
    assert all(row["rival"] == row["value"] for row in groups) and groups
    assert "champion 1" in champion.run("gate")


def test_a_warm_training_begins_with_a_champion_that_saw_nothing_later(champion: Shop) -> None:
    file = champion.home / "shop.toml"
    file.write_text(file.read_text().replace("max_epochs = 1", "max_epochs = 1\nwarm_start = true"))
    for ds, began in ((shop.DS, None), (WEEK_LATER, "1")):
        champion.run("train", ds=ds)
        assert Registry().evaluation(Registry().version("challenger"))["began_with"] == began
        assert "nothing to do" in champion.run("train", ds=ds)
    Registry().point("champion", "2")
    assert "nothing to do" not in champion.run("train", ds=WEEK_LATER)


def test_a_young_log_is_told_so(trained: Shop) -> None:
    said = trained.run("train", ds=day_before(shop.DS, 28), code=2)
    assert "wants at least 28 days of events before it, the log begins" in said


def test_the_gate_writes_its_verdict_and_reasons(trained: Shop) -> None:
    said = trained.run("gate")
    tags = Registry().version("1").tags
    assert tags["gate"] in ("PASS", "HOLD")
    assert "of popularity_28d" in tags["gate_reasons"]
    assert f"version 1: {tags['gate']}" in said and "popularity_28d" in said
    assert "no version of model lsif was trained for" in trained.run("gate", ds=NEXT_DAY, code=2)


def test_a_held_version_is_not_promoted_and_no_error_for_the_weekly_training(trained: Shop) -> None:
    Registry().tag(Registry().version("1"), gate="HOLD", gate_reasons="worse than popularity")
    assert "worse than popularity" in trained.run("move_alias", "promote", code=2)
    said = trained.run("move_alias", "promote", "--if-passed")
    assert "gate: HOLD (worse than popularity); the champion stays" in said
    assert "say why with --reason" in trained.run("move_alias", "promote", "--force", code=2)
    trained.run("move_alias", "promote", "--force", "--reason", "holiday", "--if-passed")
    assert Registry().aliases()["champion"] == "1"


def test_a_night_before_any_champion_is_popular_and_loud(trained: Shop) -> None:
    said = trained.run("score_users")
    assert "NO MODEL" in said
    assert "warn no_model" in trained.run("audit_recommendations")
    kept = {row["check"]: row["verdict"] for row in trained.tables.read("checks", [shop.DS]).to_pylist()}
    assert (kept["no_model"], kept["row_count"]) == ("warn", "pass")
    trained.run("publish_recommendations")
    assert trained.versions() == ["none"]


def test_a_day_keeps_its_version_and_the_next_day_takes_the_champion(trained: Shop) -> None:
    trained.night()
    Registry().tag(Registry().version("1"), gate="PASS", gate_reasons="")
    trained.run("move_alias", "promote")
    assert "nothing to do" in trained.run("score_users")
    trained.night(shop.DS, "--force")
    trained.night(NEXT_DAY)
    assert (trained.versions(), trained.versions(NEXT_DAY)) == (["none"], ["1"])
    trained.night(shop.DS, "--model", "champion")
    assert trained.versions() == ["1"]


def test_as_of_takes_no_version_that_saw_the_day(champion: Shop) -> None:
    file = champion.home / "shop.toml"
    file.write_text(file.read_text().replace("[lists]", '[ranking]\nmodel = "as_of"\n[lists]'))
    champion.run("score_users", ds=CUTOFFS[-1])
    assert "version 1, no attributes of a language model" in champion.run("score_users", ds=shop.DS)
    notes = [champion.tables.staged("recommendations", ds).notes for ds in (CUTOFFS[-1], shop.DS)]
    assert [note["model_version"] for note in notes] == ["none", "1"]


def test_the_same_night_twice_has_the_same_content_and_touches_nothing_else(champion: Shop) -> None:
    champion.night()
    champion.night(NEXT_DAY)
    first, other = (champion.tables.content_hash("recommendations", ds) for ds in (shop.DS, NEXT_DAY))
    files = champion.tables.fingerprint("recommendations", NEXT_DAY)
    champion.night(shop.DS, "--force")
    assert champion.tables.content_hash("recommendations", shop.DS) == first != other
    assert champion.tables.fingerprint("recommendations", NEXT_DAY) == files


def test_nothing_is_visible_before_publishing(champion: Shop) -> None:
    champion.run("score_users")
    champion.run("audit_recommendations")
    assert champion.tables.days("recommendations") == []


def test_only_what_was_audited_is_published(champion: Shop) -> None:
    champion.run("score_users")
    assert "has not passed the audit" in champion.run("publish_recommendations", code=2)
    champion.run("audit_recommendations")
    champion.run("score_users", "--force")
    assert "has not passed the audit" in champion.run("publish_recommendations", code=2)
    assert champion.tables.days("recommendations") == []


def test_a_list_that_fails_the_audit_leaves_the_last_good_one(champion: Shop) -> None:
    champion.night()
    good = champion.tables.content_hash("recommendations", shop.DS)
    writer = champion.tables.writer("recommendations")
    rows = champion.tables.read("recommendations", [shop.DS]).drop_columns("ds")
    writer.write(shop.DS, rows.slice(1))
    writer.stage(model_version="1")
    assert "fail row_count" in champion.run("audit_recommendations", code=2)
    assert "has not passed the audit" in champion.run("publish_recommendations", code=2)
    assert champion.tables.content_hash("recommendations", shop.DS) == good


@pytest.mark.parametrize("step", ["audit_recommendations", "publish_recommendations"])
def test_nothing_staged_is_one_clear_line(trained: Shop, step: str) -> None:
    assert f"nothing is staged for recommendations ds={shop.DS}" in trained.run(step, code=2)


def test_a_night_whose_first_steps_have_not_run_names_the_days(champion: Shop) -> None:
    assert f"{WEEK_LATER}: run (or backfill) those days first" in champion.run("score_users", ds=WEEK_LATER, code=2)


def test_one_users_list_is_printed_and_nothing_written(champion: Shop) -> None:
    said = champion.run("score_users", "--user", "u003")
    listed = [line.split()[:2] for line in said.splitlines()]
    assert [listed.count([name, "u003"]) for name in ("for_you", "discover")] == [12, 12]
    assert 0 < listed.count(["buy_again", "u003"]) <= 12
    assert "nothing is known of user nobody" in champion.run("score_users", "--user", "nobody", code=2)
    assert "nothing is staged" in champion.run("audit_recommendations", code=2)


def test_how_evidence_held_stands_in_the_metrics_of_its_night_once_that_is_published(champion: Shop) -> None:
    champion.run("score_users")
    champion.run("join_feedback")
    before = champion.tables.read("metrics_daily", [shop.DS])["metric"].to_pylist()
    assert "evidence_holds" not in before
    champion.run("audit_recommendations")
    champion.run("publish_recommendations")
    champion.run("join_feedback")
    rows = champion.tables.read("metrics_daily", [shop.DS]).to_pylist()
    held = {row["list"]: row for row in rows if row["metric"] == "evidence_holds"}
    assert {"for_you", "buy_again"} <= {*held} and all(row["n"] and 0 <= row["value"] <= 1 for row in held.values())
    assert "nothing to do" in champion.run("join_feedback")


def test_feedback_says_which_recommendations_were_acted_on(champion: Shop) -> None:
    champion.night()
    champion.run("join_feedback", ds=NEXT_DAY)
    lists = champion.tables.read("recommendations", [shop.DS]).to_pylist()
    events = champion.tables.read("events", [NEXT_DAY]).to_pylist()
    bought = {(event["user_id"], event["item_id"]) for event in events}
    expected = {row["recommendation_id"] for row in lists if (row["user_id"], row["item_id"]) in bought}
    found = champion.tables.read("feedback", [NEXT_DAY]).to_pylist()
    assert {row["recommendation_id"] for row in found} == expected != set()
    assert {row["outcome"] for row in found} == {"purchase"}
    counted = champion.tables.read("metrics_daily", [NEXT_DAY]).to_pylist()
    in_all = {row["metric"]: row["n"] for row in counted if row["list"] == "*"}
    assert in_all["matched"] == len({row["event_id"] for row in found})
    assert sum(in_all.values()) == len(events)


def test_a_week_later_the_lists_are_measured_beside_baselines(champion: Shop) -> None:
    champion.night()
    champion.run("join_feedback", ds=WEEK_LATER)
    measured = champion.tables.read("metrics_daily", [WEEK_LATER], filter=pc.field("low").is_valid()).to_pylist()
    rows = {row["metric"]: row for row in measured}
    lists = ("lsif", "popularity_28d", "frequency_90d", "lsif-popularity_28d")
    assert {f"{name}.ndcg@10" for name in lists} <= rows.keys()
    assert all(row["low"] <= row["value"] <= row["high"] and row["n"] > 20 for row in rows.values())
    answered = champion.tables.read("feedback", [WEEK_LATER])["recommended_ds"].to_pylist()
    assert set(answered) == {shop.DS}, "no later list was published, so that one was still seen"
    assert "nothing to do" in champion.run("join_feedback", ds=WEEK_LATER)


def test_a_night_knows_how_its_lists_changed_before_anybody_clicked(champion: Shop) -> None:
    for ds in (shop.DS, NEXT_DAY):
        champion.night(ds)
        champion.run("join_feedback", ds=ds)
    first, second = (
        {(row["list"], row["metric"]): row for row in champion.tables.read("metrics_daily", [ds]).to_pylist()}
        for ds in (shop.DS, NEXT_DAY)
    )
    of_night = {metric for _, metric in first if metric.startswith("night.")}
    assert of_night == {"night.personalisation", "night.coverage"}, "no night before it"
    lists = [champion.tables.read("recommendations", [ds]).to_pylist() for ds in (shop.DS, NEXT_DAY)]
    before, after = ({(r["user_id"], r["item_id"]) for r in rows if r["list"] == "discover"} for rows in lists)
    both = {user for user, _ in before} & {user for user, _ in after}
    rows = [pair for pair in after if pair[0] in both]
    new = second["discover", "night.new_rows"]
    assert (new["value"], new["n"]) == (pytest.approx(len({*rows} - before) / len(rows)), len(rows))
    assert second["for_you", "night.overlap@10"]["n"] == len({r["user_id"] for r in lists[0]})
    assert "nothing to do" in champion.run("join_feedback", ds=NEXT_DAY)
    champion.night(shop.DS, "--model", "none")
    assert "nothing to do" not in champion.run("join_feedback", ds=NEXT_DAY), "the night before is another one"


def test_feedback_needs_the_days_events(champion: Shop) -> None:
    assert "events lacks 2017-12-01" in champion.run("join_feedback", ds="2017-12-01", code=2)
