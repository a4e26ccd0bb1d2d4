"""Every table's contract with its readers, in the Open Data Contract Standard 3.2, made from `lsif/schema.py`.

    python -m lsif.contracts

writes docs/contracts/<table>.yaml. A contract that changed wants another version, in `VERSIONS`.
"""

from pathlib import Path
from typing import Any

import yaml

from lsif.config import project_folder
from lsif.errors import LsifError
from lsif.job import run_command
from lsif.schema import TABLES
from lsif.table_schema import DS, STRING, TableSchema, Type

STANDARD = "v3.2.0"
LOGICAL = {"long": "integer", "integer": "integer", "double": "number", "float": "number"}
"""Names of our types in the standard, where they are not the same."""

VERSIONS: dict[str, str] = {
    "recommendations": "1.3.0",
    "feedback": "1.1.0",
    "item_hours": "1.1.0",
    "item_states": "1.1.0",
    "runs": "1.2.0",
    "quarantine": "1.1.0",
    "recent_windows": "1.1.0",
    "erased_users": "1.1.0",
}
"""Of contracts that have changed since 1.0.0: another major one where a column went, or means something else."""

ROWS = {
    "events": "An event that arrived on ds: something a user did, or, of the type impression, was shown.",
    "quarantine": "A delivered row that broke a rule, as it was delivered.",
    "checks": "A check of a step against its bound.",
    "items": "An item of the catalogue that came on ds; it is in force until the next one.",
    "users": "A user of the list of users that came on ds; it is in force until the next one.",
    "pseudonyms": "A user who first came in on ds, by pseudonym, and the id under the key.",
    "item_vectors": "A text and the vector that an encoder makes of it.",
    "item_kinds": "The kinds of items that a language model proposed.",
    "item_attributes": "A text and what a language model said of it.",
    "history_tiles": "What one day of arrival adds to a user's history with an item.",
    "user_tiles": "What a user did, of what arrived on ds.",
    "item_tiles": "How an item was taken, in what arrived on ds.",
    "long_term_histories": "A user's whole history as known at ds.",
    "recent_windows": "A user's last events and searches as known at ds.",
    "user_interests": "What of a user's interest belongs to a theme, as known at ds.",
    "item_hours": "How many took an item in an hour.",
    "item_states": "What all users share of an item as known at ds.",
    "recommendations": "An item at a rank of a user's list, made of what was known at ds.",
    "assignments": "A user of an experiment who got lists on ds, and the variant that the user belongs to.",
    "experiments": "A variant of an experiment that began, or was stopped.",
    "similar_items": "An item that is like another one, at a rank of its list.",
    "taken_together": "An item that is taken together with another one, at a rank of its list.",
    "shared_popularity": "An item and how many users took it in seven days, of all houses that share the sum.",
    "list_rule_hits": "What a rule did to a list.",
    "feedback": "An exposure or an outcome that arrived on ds, and the row of a list that it belongs to.",
    "metrics_daily": "A metric of a list for a segment, known at ds.",
    "released": "A number of ds that left the house, with the noise that was drawn for it once.",
    "night_profiles": "How often a number that the model read or gave in the night of ds fell into each bin.",
    "alias_history": "A move of an alias from one model version to another.",
    "erased_users": "What was said of a user who is to be erased, whom the key of the home alone can name.",
    "runs": "A run of a step.",
}
"""What a row of each table is."""

MANY_OF_A_KEY = {"quarantine"}
"""Tables whose key is never null and does not tell rows apart."""

MEANING = {
    DS: "UTC day of arrival, YYYY-MM-DD: the row depends on what had arrived by the end of it.",
    "user_id": "The user, as sources spell it.",
    "item_id": "The item, as sources spell it.",
    "list": "Name of the list; of a metric, * stands for all lists together.",
    "rank": "Place in the list, from 1.",
    "source": "Name of the source in the settings.",
    "event_id": "Belongs to its source.",
    "file": "The delivered file, as the settings name it or whole; null where nobody noted it.",
    "line": "The line on which the row begins, the element of a JSON list, the row of a Parquet file; from 1.",
    "event_type": "One of [event_types]; impression says what was shown.",
    "event_time": "When it happened, UTC.",
    "weight": "That of the event's type, times the row's own; of events that are no interest 0.",
    "value": "Amount of the event, as a price, a rating or seconds; of a metric what it is.",
    "query": "What was searched for.",
    "recommendation_id": "The row of recommendations that was shown or answered.",
    "outcome": "Type of the event; impression is an exposure.",
    "recommended_ds": "Day of the list that the event belongs to.",
    "neighbour_part": "How much of long and short similar users carry, less the mean over the list's candidates; of an "
    "own item nothing but that.",
    "reason_code": "Part of the score that spoke most.",
    "evidence": "What the user did that carries the score, strongest first; empty where nothing does.",
    "model_version": "Version of the model in the registry.",
    "propensity": "How likely that item was at that rank; null where nothing was drawn.",
    "variant": "The variant of an experiment that the user belongs to; null where there is none.",
    "served": "The variant whose lists the user got: the control's, once the user's own was stopped.",
    "experiment": "Name of the experiment.",
    "metric": "Name of the metric.",
    "segment": "Whom or what it is of, dimension=value; users=all is everybody.",
    "low": "Lower end of the 95 % interval.",
    "high": "Upper end of the 95 % interval.",
    "n": "How many it was counted over.",
    "hits": "Of a share, how many of n.",
}
"""What columns mean that readers of several tables meet."""


def contract(table: TableSchema) -> dict[str, Any]:
    """The contract of a table as the standard's object, keys in its order."""
    key = (DS, *table.key) if table.partitioned else table.key
    columns = [_column(name, kind, table, key) for name, kind in table.columns.items()]
    columns += [_column(DS, STRING, table, key)] if table.partitioned else []
    return {
        "apiVersion": STANDARD,
        "kind": "DataContract",
        "id": f"urn:lsif:{table.name}",
        "name": table.name,
        "version": VERSIONS.get(table.name, "1.0.0"),
        "status": "active",
        "schema": [
            {
                "name": table.name,
                "logicalType": "object",
                "physicalType": "table",
                "dataGranularityDescription": ROWS[table.name],
                "properties": columns,
            }
        ],
    }


def as_yaml(made: dict[str, Any]) -> str:
    return yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=120)


def write(folder: Path) -> None:
    """Write the contract of every table into `folder`, as `<table>.yaml`.

    Raises:
        LsifError: one has changed and goes by the version of before; none is written.
    """
    made = {folder / f"{name}.yaml": contract(table) for name, table in TABLES.items()}
    for file, now in made.items():
        before = yaml.safe_load(file.read_text("utf-8")) if file.exists() else None
        if before and before != now and before["version"] == now["version"]:
            raise LsifError(
                f"the contract of {now['name']} is no longer what it was: give it another version than "
                f"{now['version']} in lsif/contracts.py"
            )
    folder.mkdir(parents=True, exist_ok=True)
    for file, now in made.items():
        file.write_text(as_yaml(now), "utf-8")


def _column(name: str, kind: Type, table: TableSchema, key: tuple[str, ...]) -> dict[str, Any]:
    said = {"name": name, **_typed(kind), "required": name in key}
    if name in MEANING:
        said["description"] = MEANING[name]
    if name in key and table.name not in MANY_OF_A_KEY:
        said |= {"primaryKey": True, "primaryKeyPosition": key.index(name) + 1}
    if name == DS:
        said |= {"partitioned": True, "partitionKeyPosition": 1}
    return said


def _typed(kind: Type) -> dict[str, Any]:
    """A type, and of what is in it: logical as the standard names it, physical as Spark and Delta do."""
    if isinstance(kind, str):
        return {"logicalType": LOGICAL.get(kind, kind), "physicalType": kind}
    if kind["type"] == "array":
        return {"logicalType": "array", "physicalType": "array", "items": _typed(kind["elementType"])}
    fields = [{"name": field["name"], **_typed(field["type"])} for field in kind["fields"]]
    return {"logicalType": "object", "physicalType": "struct", "properties": fields}


if __name__ == "__main__":
    run_command(lambda: write(project_folder() / "docs/contracts"))
