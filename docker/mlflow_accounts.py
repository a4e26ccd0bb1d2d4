"""MLflow's accounts, of which each has a file {"name": "password"} in FOLDER, the secrets.

`mlflow_accounts.py configure FOLDER FILE`: write what the server is to know of them before it starts;
`mlflow_accounts.py make FOLDER URL`: make them at the server of URL. Run again, it gives them the rights of
`lsif/services/accounts.py` and the passwords of their files; other accounts stay as they are.
"""

import json
import os
import sys
from pathlib import Path

from lsif.errors import LsifError
from lsif.services.accounts import ensure_accounts, write_configuration
from lsif.services.secrets import ADMIN, MLFLOW_ACCOUNTS


def main(what: str, folder: str, where: str) -> None:
    if what == "configure":
        write_configuration(Path(where), os.environ["MLFLOW_BACKEND_STORE_URI"], _password(folder, ADMIN))
    else:
        ensure_accounts(where, {account: _password(folder, account) for account in MLFLOW_ACCOUNTS})


def _password(folder: str, account: str) -> str:
    return str(json.loads(Path(folder, f"mlflow_{account}").read_text())[account])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except LsifError as error:
        sys.exit(str(error))
