"""The tables' contracts: as committed, as the schema says, and as the Open Data Contract Standard wants them."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from lsif import contracts
from lsif.contracts import MEANING, ROWS, as_yaml, contract, write
from lsif.errors import LsifError
from lsif.schema import TABLES
from lsif.table_schema import LONG

CONTRACTS = Path(__file__).resolve().parent.parent / "docs/contracts"
STANDARD = json.loads(OpenDataContractStandard.json_schema())


def test_the_contracts_in_docs_are_those_of_the_schema() -> None:
    assert {file.name for file in CONTRACTS.iterdir()} == {f"{name}.yaml" for name in TABLES}
    stale = [n for n, of in TABLES.items() if (CONTRACTS / f"{n}.yaml").read_text("utf-8") != as_yaml(contract(of))]
    assert stale == [], "run python -m lsif.contracts"


def test_the_standard_takes_them() -> None:
    validator = jsonschema.Draft201909Validator(STANDARD)
    for name in TABLES:
        text = (CONTRACTS / f"{name}.yaml").read_text("utf-8")
        assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == [], name
        read = OpenDataContractStandard.from_string(text)
        assert (read.apiVersion, read.name) == ("v3.2.0", name)
        assert yaml.safe_load(read.to_yaml()) == yaml.safe_load(text), "nothing that the standard does not know"


def test_a_contract_says_key_partition_and_what_a_row_is() -> None:
    read = OpenDataContractStandard.from_file(str(CONTRACTS / "feedback.yaml"))
    assert read.schema_ and read.schema_[0].properties
    key = [(one.primaryKeyPosition, one.name) for one in read.schema_[0].properties if one.primaryKey]
    assert sorted(key, key=str) == [(1, "ds"), (2, "source"), (3, "event_id"), (4, "list")]
    assert [one.name for one in read.schema_[0].properties if one.partitioned] == ["ds"]
    assert ROWS.keys() == TABLES.keys()
    exchanged = {*TABLES["events"].columns, *TABLES["feedback"].columns, *TABLES["metrics_daily"].columns, "ds"}
    assert exchanged <= MEANING.keys() <= {column for table in TABLES.values() for column in (*table.columns, "ds")}


def test_a_changed_contract_wants_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    write(tmp_path)
    old = TABLES["user_tiles"]
    changed = replace(old, columns={**old.columns, "days": LONG})
    monkeypatch.setattr(contracts, "TABLES", {"user_tiles": changed})
    with pytest.raises(LsifError, match=r"the contract of user_tiles .* another version than 1.0.0"):
        write(tmp_path)
    monkeypatch.setattr(contracts, "VERSIONS", {"user_tiles": "1.1.0"})
    write(tmp_path)
    assert yaml.safe_load((tmp_path / "user_tiles.yaml").read_text())["version"] == "1.1.0"
