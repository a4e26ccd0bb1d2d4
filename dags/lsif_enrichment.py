"""
### What a large language model is asked, weekly: the requests about new texts of the catalogue, in a file

Runs on Mondays at 00:00 UTC for the Monday before (`ds`, the partition key). `enrich_items` writes the requests that
`[llm]` in the configuration asks for to `LSIF_HOME/llm/requests-<ds>.jsonl`, in the format of OpenAI's batch API; who
answers them is not LSIF's business, and `lsif llm import` takes the answers in. Without `[llm] model` it says that
nobody is asked. No night and no training waits for it. *Owner*: lsif. *When it fails*: lists do without new attributes.
"""

from airflow.sdk import DAG, Param
from lsif_days import DAY_PARAM
from lsif_tasks import OF_A_DAY, after_midnight, daily

with DAG(
    dag_id="lsif_enrichment",
    doc_md=__doc__,
    schedule=after_midnight("* * 1"),
    params={
        "ds": DAY_PARAM,
        "force": Param(False, type="boolean", description="Write the file although nothing has changed."),
    },
    tags=["lsif", "enrichment"],
    **OF_A_DAY,
) as dag:
    daily("enrich_items")
