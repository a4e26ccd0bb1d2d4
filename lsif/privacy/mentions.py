"""Where a text names a user: in rejected rows, in sentences of checks and of the ledger, in logs."""

import json
import re
from collections.abc import Collection, Iterable

TOKEN = re.compile(r"""[^\s,;|{}\[\]"']+""")
STRUCK_OUT = "*"


def pattern(ids: Iterable[str]) -> re.Pattern[str] | None:
    """What finds ids as words of their own; None where there are none.

    Digits alone are also a count or a price: they are found in quotes, or behind a word that says that a user follows.
    """
    parts = []
    for user in sorted(ids, key=lambda one: (-len(one), one)):
        for spelt in dict.fromkeys((user, json.dumps(user)[1:-1])):
            word = rf"(?<![\w-]){re.escape(spelt)}(?![\w-])"
            told = rf"(?:(?<=\")|(?<=')|(?<=user )|(?<=user=)|(?<=user_id=)){word}"
            parts.append(told if spelt.isdecimal() else word)
    return re.compile("|".join(parts)) if parts else None


def struck_out(text: str, found: re.Pattern[str]) -> str:
    """With stars in place of ids, as many as they have bytes: a file keeps its length."""
    return found.sub(lambda hit: STRUCK_OUT * len(hit[0].encode()), text)


def named(raw: str, fields: Collection[str]) -> set[str]:
    """What a row as delivered may call its user: the values of these of its fields; of a row without them, or one that
    is no JSON, any of its words."""
    try:
        row = json.loads(raw)
    except ValueError:
        row = None
    if isinstance(row, dict) and (own := [row[field] for field in fields if field in row]):
        return {str(value) for value in own if value is not None}
    return set(TOKEN.findall(raw)) | {str(value) for value in (row.values() if isinstance(row, dict) else ())}
