"""What the page says, a file for each language."""

from lsif.report.texts.en import ENGLISH
from lsif.report.texts.zh import CHINESE

LANGUAGES = {"en": ENGLISH, "zh": CHINESE}
"""By `[text] language`."""
