"""Settings of privacy."""

from lsif.sources import Section


class Privacy(Section):
    """What a user's data may say; nothing is asked by default."""
