"""
### A new model, weekly: train a challenger, judge it, promote it when it has earned it

Runs on Mondays at 00:00 UTC for the Monday before (`ds`, the partition key), whose nights have had a week to be
finished or repaired. A run by hand may give any day as the `ds` param. It has its own schedule: no night and no
backfill of nights ever starts it, and a failed training never costs a night.

`training_cutoffs` writes windows and histories at past cutoffs, `embed_items` brings missing item vectors, `train`
registers a challenger trained on nothing after `ds`, `gate` compares it with the champion and the baselines on the
same held-out days and tags it `PASS` or `HOLD` with the reason, and `promote` moves the alias when it passed.
`force_reason` promotes past a `HOLD`, and is kept as a tag. *Owner*: lsif.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param
from lsif_days import DAY, DAY_PARAM
from lsif_tasks import BY, OF_A_DAY, SPARK_POOL, after_midnight, daily, job

FORCED = (
    "{{ '--force' if params.force_reason else '' }}",
    "{{ '--reason=' ~ params.force_reason if params.force_reason else '' }}",
)

with DAG(
    dag_id="lsif_training",
    doc_md=__doc__,
    schedule=after_midnight("* * 1"),
    params={
        "ds": DAY_PARAM,
        "force": Param(False, type="boolean", description="Run steps whose inputs have not changed, too."),
        "force_reason": Param(None, type=["null", "string"], description="Promote past a HOLD, for this reason."),
    },
    tags=["lsif", "training"],
    **OF_A_DAY,
) as dag:
    training_cutoffs = daily("training_cutoffs", pool=SPARK_POOL)
    embed_items = daily("embed_items", "--for-training")
    train = daily("train", execution_timeout=timedelta(hours=6), retries=1)
    gate = daily("gate")
    promote = job("move_alias", "promote", "--ds", DAY, "--if-passed", *FORCED, BY, task_id="promote")

    training_cutoffs >> embed_items >> train >> gate >> promote
