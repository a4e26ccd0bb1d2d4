"""`tries.py DAG`: how often tasks of the last run were tried, where more than once; `--runs`: how many runs it had."""

import sys

from lsif import places


def main(dag_id: str, *options: str) -> None:
    airflow = places.airflow()
    runs = airflow.runs(dag_id)
    if options:
        print(len(runs))
        return
    again = [f"{task['task_id']} {task['try_number']}" for task in airflow.tasks(runs[0]) if task["try_number"] > 1]
    print(", ".join(again) or "1 each")


if __name__ == "__main__":
    main(*sys.argv[1:])
