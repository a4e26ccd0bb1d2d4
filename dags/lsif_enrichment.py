"""
### What a large language model is asked, weekly: the requests about new texts of the catalogue

Runs on Mondays at 00:00 UTC for the Monday before (`ds`, the partition key). `enrich_items` writes the requests that
`[llm]` in the configuration asks for to `LSIF_HOME/llm/requests-<ds>.jsonl`, in the format of OpenAI's batch API. By
default who answers them is not LSIF's business, and `lsif llm import` takes the answers in. With `way = "airflow"`,
`ask_model` asks them as one batch at the address of the Airflow connection `lsif_llm`, and `take_answers` takes the
answers in. Without `[llm] model` the run says that nobody is asked. No night and no training waits for it.
*Owner*: lsif. *When it fails*: lists do without new attributes; clear the failed task, and it goes on with the same
batch.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param
from lsif_configured import configured
from lsif_days import DAY, DAY_PARAM
from lsif_tasks import HOME, OF_A_DAY, after_midnight, daily

FOLDER = f"{HOME}/llm"
REQUESTS, ANSWERS = f"{FOLDER}/requests-{DAY}.jsonl", f"{FOLDER}/answers-{DAY}.jsonl"

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
    asks = daily("enrich_items", "--out", REQUESTS)
    if configured("llm").get("way") == "airflow":
        try:
            from lsif_batch import BatchOfFile
        except ImportError as error:
            raise ImportError(f'[llm] way = "airflow": pip install -r requirements-llm.lock first ({error})') from error
        asked = BatchOfFile(
            task_id="ask_model",
            file=REQUESTS,
            answers=ANSWERS,
            result_path=f"file://{FOLDER}/batches",
            llm_conn_id="lsif_llm",
            retries=12,
            retry_delay=timedelta(minutes=10),
        )
        asks >> asked >> daily("enrich_items", "--answers", ANSWERS, task_id="take_answers")
