"""Who asks is read from a file, and a refusal says which account was refused."""

from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from lsif.errors import LsifError
from lsif.login_file import sign_in_to_mlflow
from lsif.registry import Registry
from lsif.registry.connection import reaching


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("LSIF_MLFLOW_LOGIN_FILE", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "")
    return monkeypatch


def test_mlflow_is_told_who_asks_and_says_whom_it_refused(tmp_path: Path, nobody: pytest.MonkeyPatch) -> None:
    file = tmp_path / "login.json"
    file.write_text('{"reader": "a password"}')
    nobody.setenv("LSIF_MLFLOW_LOGIN_FILE", str(file))
    Registry("http://127.0.0.1:9")
    for code, said in ((401, "does not know reader by this password"), (403, "the account reader may not do that")):
        with pytest.raises(LsifError, match=said), reaching("http://127.0.0.1:9"):
            raise MlflowException(f"API request to endpoint /x failed with error code {code} != 200.")


@pytest.mark.parametrize("content", ["", "a password", '["reader"]', '{"a": "b", "c": "d"}'])
def test_a_file_of_another_form_is_refused(content: str, tmp_path: Path, nobody: pytest.MonkeyPatch) -> None:
    (tmp_path / "login.json").write_text(content)
    with pytest.raises(LsifError, match=r'LSIF_MLFLOW_LOGIN_FILE=.* does not hold \{"user": "password"\}'):
        sign_in_to_mlflow(str(tmp_path / "login.json"))
