"""`make_users.py FOLDER`: users of Airflow as the secrets in FOLDER have them, each a file of {"name": "password"}.

Run again, it gives these users the role and the password of their files; other users stay as they are.
"""

import json
import sys
from pathlib import Path

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

ROLES = {"airflow_admin": "Admin", "airflow_op": "Op", "airflow_viewer": "Viewer"}


def main(folder: str) -> None:
    with get_application_builder() as builder:
        known = builder.sm
        for file, role in ROLES.items():
            ((name, password),) = json.loads(Path(folder, file).read_text()).items()
            may = known.find_role(role)
            address = f"{name}@lsif.invalid"  # which must be somebody's own; nothing is sent there
            user = known.find_user(name) or known.add_user(name, name, role, address, may, password)
            user.roles = [may]
            if not (known.update_user(user) and known.reset_password(user.id, password)):
                sys.exit(f"Airflow did not take its user {name}: the line above says why")


if __name__ == "__main__":
    main(*sys.argv[1:])
