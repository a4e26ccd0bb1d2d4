"""`healthy.py URL [PART]`: exit 0 when URL answers, and the report it gives calls PART healthy.

Airflow's api-server reports on all parts of Airflow: asking it costs nothing, `airflow jobs check` five CPU seconds.
"""

import json
import sys
from urllib.request import urlopen


def main(url: str, part: str | None = None) -> int:
    with urlopen(url, timeout=5) as answer:
        report = answer.read()
    return 0 if part is None or json.loads(report)[part]["status"] == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
