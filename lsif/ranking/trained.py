"""A model as the night uses it: weights, vocabulary, and what they were trained with."""

from dataclasses import dataclass

from lsif.config import Interests, Settings
from lsif.errors import LsifError
from lsif.model.fusion_model import FusionModel
from lsif.model.vocabulary import ItemIndex

NO_MODEL = "none"
"""Version written into rows of a night before any champion."""


@dataclass(frozen=True)
class TrainedModel:
    """One model and the vocabulary it belongs to.

    Attributes:
        index: items it was trained with; the night's catalogue extends it.
        version: registered version, written into every row.
        interests: settings of the histories and windows it was trained on.
        trained_through: last day whose events it learned from.
    """

    model: FusionModel
    index: ItemIndex
    version: str
    interests: Interests
    trained_through: str

    def check_fits(self, settings: Settings) -> None:
        """Raises LsifError when the tables are built with other windows or half-lives than the model's."""
        own, tables = self.interests.model_dump(), settings.interests.model_dump()
        if differing := [f"{key} {own[key]} ≠ {tables[key]}" for key in own if own[key] != tables[key]]:
            raise LsifError(
                f"model version {self.version} was trained on other histories and windows than the settings' "
                f"(interests: {', '.join(differing)}): train anew or choose another version"
            )
