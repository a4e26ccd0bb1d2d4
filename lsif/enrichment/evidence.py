"""What an answer rests on, in the text's own words: of what a model quotes nothing else is kept."""

import re
import unicodedata


def words_of(text: str) -> dict[str, str]:
    """The words of a text as they stand, in their order, by what they are whatever their case and width."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", text))
    return {word.casefold(): word for word in reversed(words)}


def quoted(words: str, text: str) -> str:
    """Those words of the text that `words` names; empty where it names none, or one that does not stand there."""
    named, there = words_of(words).keys(), words_of(text)
    if not named <= there.keys():
        return ""
    return " ".join(word for key, word in reversed(there.items()) if key in named)
