"""The embedded services of one machine: PostgreSQL, Airflow's four parts and MLflow, all on 127.0.0.1.

    from lsif import services
    services.up(home)          # starts what is not running yet, waits until it is healthy
    services.status(home)      # what runs, where, with which memory
    services.down(home)        # stops what `up` started with all its children, and nothing else

Everything that is written lies under `home`: run/ says what was started, logs/ what it had to say.
"""

from lsif.services.environment import environment
from lsif.services.lifecycle import airflow_client, down, mlflow_login_file, up
from lsif.services.state import Part, Status, status

__all__ = ["Part", "Status", "airflow_client", "down", "environment", "mlflow_login_file", "status", "up"]
