"""The small shop with users who are pseudonyms: its doors, and one user who is looked for everywhere."""

from pathlib import Path

import pytest

from lsif.config import load_settings
from lsif.privacy.key import Key, made_key
from tests.jobs.conftest import run

__all__ = ["run"]

PLANTED = "zoë-4711@example.org"
"""The user whose id nothing may keep."""
BLOCKED = "max-4711@example.org"
PHONE = "+33-555-0199"
USERS = """
[users]
path = "landing/users.csv"
format = "csv"
columns = { user_id = "user", opt_out = "out", attributes = ["city", "phone"] }
"""
PRIVACY = """
[privacy]
pseudonyms = true
key_file = "secret/privacy.key"
pseudonym_columns = ["phone"]
"""
NIGHT = """
[ranking]
blocked_users = "landing/blocked.txt"
[model]
text_encoder = "hashing"
[deliver.file]
to = "sql"
url = "sqlite:///delivered.db"
"""


@pytest.fixture
def key(home: Path) -> Key:
    """Of the home, whose settings ask for pseudonyms from now on."""
    file = home / "shop.toml"
    file.write_text(file.read_text() + USERS + PRIVACY)
    return made_key(home / "secret/privacy.key")


def users(home: Path, *rows: str) -> None:
    """A list of users: rows of user,out,city,phone."""
    (home / "landing").mkdir(exist_ok=True)
    (home / "landing/users.csv").write_text("\n".join(["user,out,city,phone", *rows]) + "\n")


def settings_file(home: Path, old: str, new: str) -> None:
    file = home / "shop.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    load_settings()
