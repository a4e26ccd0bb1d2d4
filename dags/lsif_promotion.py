"""
### Promotion and rollback: move the `champion` alias by hand, leaving a trace

Has no schedule. `promote` makes a version (default: the challenger) champion and the old champion `previous`;
`rollback` makes `previous` champion again. A version that the gate held wants `force` and a `reason`.
The next `ds` is scored with the new champion; a day that has been scored keeps the version it was scored with.
*Owner*: lsif.
"""

from airflow.sdk import DAG, Param
from lsif_days import START
from lsif_tasks import BY, DEFAULTS, job

with DAG(
    dag_id="lsif_promotion",
    doc_md=__doc__,
    schedule=None,
    start_date=START,
    max_active_runs=1,
    default_args=DEFAULTS,
    params={
        "action": Param("promote", enum=["promote", "rollback"]),
        "version": Param(
            None, type=["null", "string"], pattern="^[0-9]+$", description="Version to promote; empty: the challenger."
        ),
        "reason": Param(None, type=["null", "string"], description="Why; kept with the version."),
        "force": Param(False, type="boolean", description="Promote past a HOLD; wants a reason."),
    },
    tags=["lsif", "promotion"],
) as dag:
    job(
        "move_alias",
        "{{ params.action }}",
        "--ds",
        "{{ dag_run.run_after.strftime('%Y-%m-%d') }}",  # the day of the decision, in the words of Airflow's record
        "{{ '--version=' ~ params.version if params.version else '' }}",
        "{{ '--reason=' ~ params.reason if params.reason else '' }}",
        "{{ '--force' if params.force else '' }}",
        BY,
    )
