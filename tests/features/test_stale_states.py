"""What all users share at a training's cutoffs is made again when it would come out otherwise."""

import pytest

from lsif.config import Settings
from lsif.features import steps
from lsif.features.item_states import SCHEMA
from lsif.tables import Tables
from tests.ranking import shop


def test_states_of_a_release_with_other_columns_are_stale(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = Tables(settings.tables)
    shop.write_log(tables, settings, shop.events(), shop.catalogue(), [shop.DS])
    assert steps.stale_states(tables, [shop.DS], settings) == []
    monkeypatch.setattr(steps, "SCHEMA", SCHEMA.remove(len(SCHEMA) - 1))
    assert steps.stale_states(tables, [shop.DS], settings) == [shop.DS]
