"""The key: a file of its owner's, refused in one line otherwise; and settings that ask for what cannot be."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lsif import cli
from lsif.config import load_settings
from lsif.errors import LsifError
from lsif.privacy.erasure_key import erasure_key
from lsif.privacy.key import Key, key_of, made_key
from lsif.privacy.key_file import KeyFile
from lsif.privacy.pseudonym import pseudonym
from tests.conftest import SHOP
from tests.privacy.masked import PRIVACY, USERS

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


def drawn(home: Path, of: str) -> tuple[Path, Callable[[], bytes]]:
    """A key of the home, and who reads it."""
    if of == "pseudonyms":
        (home / "shop.toml").write_text(SHOP + USERS + PRIVACY)
        return home / "secret/privacy.key", lambda: key_of(load_settings()).secret
    return home / "keys/erasure.key", erasure_key


@pytest.mark.parametrize(
    ("of", "remedy"), [("pseudonyms", "`lsif privacy-key` makes one"), ("the erased users", "bring it back")]
)
def test_a_key_that_will_not_do_is_refused_in_a_line(home: Path, of: str, remedy: str) -> None:
    file, read = drawn(home, of)
    with pytest.raises(LsifError, match=rf"there is no key .*{of}\): {remedy}"):
        read()
    made = made_key(file).secret if of == "pseudonyms" else erasure_key(make=True)
    assert read() == made and (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    for mode in (0o640, 0o604):
        file.chmod(mode)
        with pytest.raises(LsifError, match=f"others can read the key .*{of}.*: chmod 600"):
            read()
    file.chmod(0o600)
    for text in (b"no key at all", b"ab" * 31, b"ab" * 33, b"", b"\xff\xfe" * 32):
        file.write_bytes(text)
        with pytest.raises(LsifError, match=rf"{of}\) holds no key of 64 hexadecimal digits: {remedy}"):
            read()
    file.unlink()
    file.mkdir()
    with pytest.raises(LsifError, match="cannot read the key"):
        read()


def test_whoever_draws_the_key_of_the_erased_second_reads_the_first_one_s(home: Path) -> None:
    file = KeyFile(home / "keys/erasure.key", "", "")
    first = file.draw()
    with pytest.raises(FileExistsError):
        file.draw()
    assert erasure_key(make=True) == first and [one.name for one in file.path.parent.iterdir()] == [file.path.name]


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
