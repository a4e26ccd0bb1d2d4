"""What the page says, a file for each language."""

from lsif.report.texts.en import ENGLISH


LANGUAGES = {"en": ENGLISH}
"""By `[text] language`."""
