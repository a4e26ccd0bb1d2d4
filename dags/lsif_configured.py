"""What the DAGs ask of the configuration: which parts there are. The standard library only."""

import os
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(os.environ.get("LSIF_PROJECT") or Path(__file__).resolve().parent.parent)


def has(section: str) -> bool:
    """Whether the configuration has a section."""
    return section in _configuration()


def configured(section: str) -> dict[str, Any]:
    """What the configuration says there; nothing where it has none."""
    said = _configuration().get(section)
    return said if isinstance(said, dict) else {}


def delivers() -> set[str]:
    """Whose lists the configuration brings to databases: `users`, `items`, or both."""
    given = (one for one in configured("deliver").values() if isinstance(one, dict))
    return {"users" if one.get("of", "recommendations") == "recommendations" else "items" for one in given}


def _configuration() -> dict[str, Any]:
    """One that cannot be read is as the sample's: the jobs will say why."""
    file = Path(os.environ.get("LSIF_CONFIG") or PROJECT / "lsif.toml")
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {"catalogue": {}}
