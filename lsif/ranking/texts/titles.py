"""Titles as they may stand inside a sentence, whatever somebody wrote into the catalogue."""

import pyarrow as pa
import pyarrow.compute as pc

LONGEST = 60
"""Characters of a title; what is longer ends at a word, with an ellipsis."""
UNSEEN = r"[\pC\pZ\s]+"
"""Spaces, line ends, control characters, and what changes the direction of what follows: RE2's classes C and Z."""
SIGNS = {"<": "‹", ">": "›", "“": '"', "”": '"'}
"""No title can open a tag where a page forgets to escape, or end the quotes that it stands in."""


def printable(titles: pa.Array, ids: pa.Array) -> pa.Array:
    """One line each, of at most `LONGEST` characters; the item's id where there is no title."""
    found = pc.if_else(pc.equal(pc.fill_null(_one_line(titles), ""), ""), _one_line(ids), _one_line(titles))
    for sign, harmless in SIGNS.items():
        found = pc.replace_substring(found, sign, harmless)
    cut = pc.utf8_slice_codeunits(found, 0, LONGEST - 1)
    ended = pc.utf8_rtrim_whitespace(pc.replace_substring_regex(cut, r" \S{0,20}$", ""))
    return pc.if_else(pc.greater(pc.utf8_length(found), LONGEST), pc.binary_join_element_wise(ended, "…", ""), found)


def _one_line(texts: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, UNSEEN, " "))
