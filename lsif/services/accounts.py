"""MLflow's accounts, on one machine and in docker-compose.yaml: who may do what there, and the file that says so to its
server.

MLflow gives permissions by model, not by alias, so whoever may register a version may also move an alias (SECURITY.md);
`alias_history` keeps every move.
"""

from collections.abc import Mapping
from pathlib import Path

import httpx

from lsif.errors import LsifError
from lsif.services.secrets import ADMIN

ROLES: dict[str, dict[str, str]] = {
    "jobs": {"workspace": "USE", "experiment": "EDIT", "registered_model": "EDIT"},
    "promoter": {"registered_model": "EDIT"},
    "reader": {},
}
"""Account → what it may do beyond reading, by kind of thing. USE of the workspace: make new ones; EDIT: change."""
CONFIGURATION = """\
[mlflow]
default_permission = READ
grant_default_workspace_access = true
database_uri = {database}
admin_username = {user}
admin_password = {password}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
"""
"""Workspaces are on for one reason: without them every account may make experiments and models of its own."""


def write_configuration(file: Path, database: str, password: str) -> None:
    """What the server reads of its accounts (MLFLOW_AUTH_CONFIG_PATH), for its owner alone; written anew.

    Args:
        file: where.
        database: url of what keeps the accounts; MLflow's own database may, their tables have other names.
        password: of the administrator, who is made at the server's first start.
    """
    text = CONFIGURATION.format(database=_escaped(database), user=ADMIN, password=_escaped(password))
    file.touch(0o600)
    file.write_text(text)


def ensure_accounts(url: str, passwords: Mapping[str, str]) -> None:
    """Make what is missing: of an account, its role, or what its file says of its password.

    Args:
        url: of MLflow.
        passwords: of ADMIN and of every account of `ROLES`.

    Raises:
        LsifError: MLflow does not accept the administrator's password, or refused an account.
    """
    with httpx.Client(base_url=url, auth=(ADMIN, passwords[ADMIN]), trust_env=False, timeout=60) as admin:
        if admin.get("/api/2.0/mlflow/users/current").status_code == httpx.codes.UNAUTHORIZED:
            raise LsifError(
                f"MLflow does not accept the password of {ADMIN}: put back the file mlflow_{ADMIN} of the secrets with "
                "which it was started first"
            )
        for name in ROLES:
            if not _is_as_it_should_be(url, name, passwords[name]):
                _make(admin, name, passwords[name])


def _escaped(value: str) -> str:
    """As configparser wants it."""
    return value.replace("%", "%%")


def _is_as_it_should_be(url: str, name: str, password: str) -> bool:
    asked = httpx.get(
        f"{url}/api/3.0/mlflow/users/current/permissions", auth=(name, password), trust_env=False, timeout=60
    )
    if not asked.is_success:
        return False
    granted = {one["resource_type"]: one["permission"] for one in asked.json()["permissions"]}
    return granted.items() >= ROLES[name].items()


def _make(admin: httpx.Client, name: str, password: str) -> None:
    """Anew, whatever a start that was interrupted has left."""
    admin.request("DELETE", "/api/2.0/mlflow/users/delete", json={"username": name})
    _post(admin, "/api/2.0/mlflow/users/create", username=name, password=password)
    for role in admin.get("/api/3.0/mlflow/roles/list", params={"workspace": "default"}).json()["roles"]:
        if role["name"] == name:
            admin.request("DELETE", "/api/3.0/mlflow/roles/delete", json={"role_id": role["id"]})
    role = _post(admin, "/api/3.0/mlflow/roles/create", name=name, workspace="default")["role"]["id"]
    for kind, permission in ROLES[name].items():
        what = {"resource_type": kind, "resource_pattern": "*", "permission": permission}
        _post(admin, "/api/3.0/mlflow/roles/permissions/add", role_id=role, **what)
    _post(admin, "/api/3.0/mlflow/roles/assign", username=name, role_id=role)


def _post(admin: httpx.Client, path: str, **body: str | int) -> dict[str, dict[str, int]]:
    answer = admin.post(path, json=body)
    if not answer.is_success:
        raise LsifError(f"MLflow refused {path}: {answer.status_code} {answer.text[:300]}")
    return dict(answer.json())
