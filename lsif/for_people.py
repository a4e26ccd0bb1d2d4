"""Settings: what people read of a night."""

from typing import Literal

from pydantic import PositiveInt

from lsif.sources import Section


class UserInterests(Section):
    """What the table `user_interests` holds of each user."""

    columns: tuple[str, ...] = ("category",)
    """Columns of texts of the catalogue; a word in one of them is a theme."""
    most: PositiveInt = 20
    """Themes of one user and column: those of the greatest weight, now or `recent_days` before."""


class Text(Section):
    """What people read."""

    language: Literal["en", "zh"] = "en"
    """Of the sentences in `reason`: English or Chinese."""


class Report(Section):
    """What the page of a night shows."""

    users: bool = True
    """Ten users side by side, under pseudonyms; `false` leaves them out."""
