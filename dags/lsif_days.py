"""Which day a run is for, and between which days the DAGs fire by themselves. Airflow and the standard library only."""

import os
import re
from datetime import UTC, date, datetime

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException

DAY_PARAM = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Day (ds)",
    description="The UTC day of arrival to run for, YYYY-MM-DD. Leave empty when the run has a partition key.",
)


def day(partition_key: str | None, ds: str | None) -> str:
    """The day of a run: its partition key, else its `ds` param. Never the clock.

    Raises:
        AirflowFailException: there is neither, or it is no day; no retry can mend that.
    """
    given = partition_key or ds
    if not given:
        raise AirflowFailException(
            "This run has no day: trigger it with a partition key, or give the `ds` param, "
            'for example --conf \'{"ds": "2017-10-31"}\'.'
        )
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", given):
            raise ValueError("not of the form YYYY-MM-DD")
        return date.fromisoformat(given).isoformat()
    except ValueError as error:
        raise AirflowFailException(f"{given!r} is not a day (YYYY-MM-DD): {error}.") from error


DAY = "{{ day(partition_key, params.ds) }}"
MACROS = {"day": day}


def window() -> tuple[datetime, datetime | None]:
    """Start and end of the DAGs' schedules, from LSIF_START_DATE and LSIF_END_DATE.

    Unless LSIF_SCHEDULED is `true` the window closes where it opens: nothing fires by itself, while runs by hand and
    backfills work for any day.
    """
    start, end = _midnight(os.environ.get("LSIF_START_DATE") or "2017-01-01"), os.environ.get("LSIF_END_DATE")
    if os.environ.get("LSIF_SCHEDULED", "false").lower() != "true":
        return start, start
    return start, _midnight(end) if end else None


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


START, END = window()
