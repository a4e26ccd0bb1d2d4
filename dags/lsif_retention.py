"""
### Tidying, weekly: purge erased users, thin what is old, free the storage of what was replaced

Runs on Sundays at 00:00 UTC for the Sunday before (`ds`, the partition key). `erase` takes users who are on the list of
erased users out of every byte, and writes their receipts (`docs/privacy.md`). `retention` takes tiles, histories and
windows that no night and no training needs any more out of their tables, and deletes files that nobody could see for a
week; how long, the configuration says under `[retention]`. Every table's size goes into the ledger. It may run beside
a night: readers keep what they have opened. *Owner*: lsif. *When it fails*: nothing is lost, the disk is only fuller.
"""

from airflow.sdk import DAG, Param
from lsif_days import DAY_PARAM
from lsif_tasks import OF_A_DAY, after_midnight, daily

with DAG(
    dag_id="lsif_retention",
    doc_md=__doc__,
    schedule=after_midnight("* * 0"),
    params={
        "ds": DAY_PARAM,
        "force": Param(False, type="boolean", description="Run although the day's tidying is done."),
    },
    tags=["lsif", "retention"],
    **OF_A_DAY,
) as dag:
    daily("erase") >> daily("retention")
