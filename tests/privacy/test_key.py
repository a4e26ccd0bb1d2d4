"""The key: a file of its owner's, refused in one line otherwise; and settings that ask for what cannot be."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lsif import cli
from lsif.config import load_settings
from lsif.errors import LsifError
from lsif.privacy.key import Key, key_of
from lsif.privacy.pseudonym import pseudonym
from tests.conftest import SHOP
from tests.privacy.masked import PRIVACY, USERS, key

__all__ = ["key"]

INVOKE = CliRunner().invoke


def test_a_key_is_made_once_for_its_owner(home: Path) -> None:
    (home / "shop.toml").write_text(SHOP + USERS + PRIVACY)
    made = INVOKE(cli.app, ["privacy-key"])
    file = home / "secret/privacy.key"
    assert made.exit_code == 0 and key_of(load_settings()).id in made.output
    assert file.read_text().strip() not in made.output
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "there is a key" in str(INVOKE(cli.app, ["privacy-key"]).exception)
    assert key_of(load_settings()).secret == bytes.fromhex(file.read_text())


def test_a_key_that_will_not_do_is_refused_in_a_line(home: Path, key: Key) -> None:
    file, settings = home / "secret/privacy.key", load_settings()
    file.chmod(0o640)
    with pytest.raises(LsifError, match="others can read the key"):
        key_of(settings)
    file.chmod(0o600)
    for text in ("no key at all", "ab" * 31, "ab" * 33, ""):
        file.write_text(text)
        with pytest.raises(LsifError, match="holds no key"):
            key_of(settings)
    file.write_bytes(b"\xff\xfe" * 32)
    with pytest.raises(LsifError, match="holds no key"):
        key_of(settings)
    file.unlink()
    with pytest.raises(LsifError, match=r"there is no key .* `lsif privacy-key` makes one"):
        key_of(settings)
    file.mkdir()
    with pytest.raises(LsifError, match="cannot read the key"):
        key_of(settings)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("pseudonyms = true", "pseudonyms want a key_file"),
        ('pseudonym_columns = ["query"]', "masked where pseudonyms = true"),
        ('pseudonyms = true\nkey_file = "k"\npseudonym_columns = ["item_id"]', "'item_id' cannot be masked; event_id"),
        ('pseudonyms = true\nkey_file = "k"\n[rules]\nmax_text = 33', "shorter than a pseudonym"),
        ('pseudonym = true\nkey_file = "k"', "pseudonyms"),
    ],
)
def test_settings_that_cannot_be(home: Path, said: str, told: str) -> None:
    (home / "shop.toml").write_text(f"{SHOP}[privacy]\n{said}\n")
    with pytest.raises(LsifError, match=told):
        load_settings()


def test_a_key_among_the_tables_is_refused(home: Path) -> None:
    (home / "shop.toml").write_text(f'{SHOP}[privacy]\npseudonyms = true\nkey_file = "tables/k"\n')
    assert "lies among the tables" in str(INVOKE(cli.app, ["privacy-key"]).exception)


def test_keys_know_no_name_of_each_other_and_show_nothing() -> None:
    one, other = Key(bytes(32)), Key(bytes(31) + b"\1")
    assert pseudonym(one, "385") != pseudonym(other, "385") and one.id != other.id
    assert len({one.names, one.seals, one.secret}) == 3
    assert one.secret.hex() not in repr(one) and repr(bytes(32)) not in repr(one)
