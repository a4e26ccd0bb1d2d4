"""
### One night: from the events of a day to a ranked list for every user

Runs at 00:00 UTC for the day that has just ended. That day (`ds`) is the run's **partition key**; a run by hand may
give it as the `ds` param instead. Any day may be run again: unchanged inputs make a step a no-op, `force` runs it.

`events_to_interests`, one Spark application, checks the day's events into `events` (what breaks a rule goes to
`quarantine`) and writes the day's history tile and recent windows; `ingest_items` and `embed_items` bring new
catalogue texts, and `ingest_users` what is said of users where the configuration has `[users]`. `score_users` stages
the lists, `audit_recommendations` reads what was staged, and `publish_recommendations` is the one commit that makes it
visible. `join_feedback` then joins what was done with the lists of the day before; beside it `deliver` brings the
lists to the databases of `[deliver]`, where the configuration has it. `item_lists` makes the lists beside items where
the configuration has `[item_lists]`; no list of users waits for it, nor fails with it.
`user_interests` writes what each user is interested in, for people; nothing waits for it. `verify` counts some users
of the published night again, in plain Python, and warns where something differs; no night fails with it. At the end,
whatever became of the others, `report` makes the night's page (`LSIF_HOME/reports`); its button opens it, and no night
fails with it.

A delivery beyond a bound of the settings' section `checks` stops the night before its table changes, and lists beyond
one of `checks.fairness` before they are published; a person who has looked lets that day pass with the params `accept`
and `reason`.

One run at a time, oldest first: windows and histories need every day before them. Trainings have a DAG of their own,
which nothing here starts. *Owner*: lsif. *When it fails*: the last good lists stay; read the failed task's last line.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param
from lsif_configured import delivers, has
from lsif_days import DAY_PARAM
from lsif_tasks import OF_A_DAY, SPARK_POOL, after_midnight, beside, daily, page

MODEL = "{{ '--model=' ~ params.model if params.model else '' }}"
ACCEPTED = (
    "{{ '--accept=' ~ params.accept if params.accept else '' }}",
    "{{ '--reason=' ~ params.reason if params.reason else '' }}",
)

with DAG(
    dag_id="lsif_nightly",
    doc_md=__doc__,
    schedule=after_midnight("* * *"),
    params={
        "ds": DAY_PARAM,
        "force": Param(False, type="boolean", description="Run steps whose inputs have not changed, too."),
        "model": Param(
            None,
            type=["null", "string"],
            pattern="^[A-Za-z0-9_]+$",
            description="Score with this version or alias instead of the configured one.",
        ),
        "accept": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z_,]+$",
            description="Let the day pass beyond these bounds of [checks] (with commas); wants a reason.",
        ),
        "reason": Param(None, type=["null", "string"], description="Why; kept in the ledger."),
    },
    tags=["lsif", "nightly"],
    **OF_A_DAY,
) as dag:
    events_to_interests = daily("events_to_interests", *ACCEPTED, pool=SPARK_POOL)
    ingest_items = daily("ingest_items", *ACCEPTED, pool=SPARK_POOL)
    embed_items = daily("embed_items", MODEL)
    score_users = daily("score_users", MODEL, *ACCEPTED)
    audit_recommendations = daily("audit_recommendations", *ACCEPTED)
    publish_recommendations = daily("publish_recommendations")
    join_feedback = daily("join_feedback")
    user_interests = daily("user_interests")

    events_to_interests >> score_users
    ingest_items >> embed_items >> score_users
    if not has("catalogue"):  # then items are what the events name
        events_to_interests >> ingest_items
    if has("users"):
        daily("ingest_users", *ACCEPTED, pool=SPARK_POOL) >> [score_users, user_interests]
    [events_to_interests, ingest_items] >> user_interests
    score_users >> audit_recommendations >> publish_recommendations >> join_feedback
    if "users" in delivers():
        publish_recommendations >> daily("deliver", "--lists-of", "users")
    if has("item_lists"):  # no list of users waits for them
        item_lists = daily("item_lists")
        [events_to_interests, embed_items] >> item_lists
        if "items" in delivers():
            item_lists >> daily("deliver", "--lists-of", "items", task_id="deliver_item_lists")
    publish_recommendations >> beside("verify")
    [*dag.leaves] >> page("report", execution_timeout=timedelta(minutes=10))
