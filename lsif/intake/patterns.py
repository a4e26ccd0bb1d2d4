"""Formats of times as Python and most databases write them (`%d/%m/%Y %H:%M`), in the words that Spark knows."""

import re

NUMERIC = {"Y": "yyyy", "m": "M", "d": "d", "H": "H", "I": "h", "M": "m", "S": "s", "y": "yy", "j": "D"}
PADDED = {"m": "MM", "d": "dd", "H": "HH", "I": "hh", "M": "mm", "S": "ss", "j": "DDD"}
"""Where another number follows or precedes at once, a number has all its digits."""
OTHER = {"f": "[SSSSSSSSS][SSSSSSSS][SSSSSSS][SSSSSS][SSSSS][SSSS][SSS][SS][S]", "b": "MMM", "B": "MMMM", "p": "a"}
OFFSET = "XXX"
PART = re.compile(r"%(.)|([^%]+)")


def java_pattern(text: str) -> str:
    """The same format as a pattern of Java's.

    Raises:
        ValueError: a directive is not known, or no day can be read by it.
    """
    parts = [(found.group(1), found.group(2)) for found in PART.finditer(text)]
    known = NUMERIC.keys() | OTHER.keys() | {"z", "%"}
    if unknown := [one for one, _ in parts if one and one not in known]:
        raise ValueError(f"%{unknown[0]} in {text!r} is none of %{' %'.join(sorted(known))}")
    given = {one for one, _ in parts}
    if not (given & {"Y", "y"} and (given & {"j"} or (given & {"m", "b", "B"} and "d" in given))):
        raise ValueError(f"{text!r} names no day: it needs %Y (or %y), %m (or %b) and %d")
    made = []
    for place, (directive, literal) in enumerate(parts):
        near = [parts[at][0] for at in (place - 1, place + 1) if 0 <= at < len(parts)]
        made.append(_part(directive, literal, any(one in NUMERIC for one in near)))
    return "".join(made)


def _part(directive: str | None, literal: str | None, beside_a_number: bool) -> str:
    if directive is None or directive == "%":
        return "'" + (literal or "%").replace("'", "''") + "'"
    if directive == "z":
        return OFFSET
    if beside_a_number and directive in PADDED:
        return PADDED[directive]
    return NUMERIC.get(directive) or OTHER[directive]
