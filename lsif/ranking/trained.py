"""A model as the night uses it: weights, vocabulary, and what they were trained with."""

from dataclasses import dataclass

from lsif.config import Interests, Settings
from lsif.errors import LsifError
from lsif.features.vocabulary import ItemIndex
from lsif.model.fusion_model import FusionModel


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

    @property
    def reads(self) -> str:
        """Whose word on the items it ranks by, beside what is delivered."""
        labels = self.index.labels
        return "no attributes of a language model" if labels is None else f"attributes of {labels.made_by}"

    def misfit(self, settings: Settings) -> str:
        """Why the model cannot read tables built with these settings; empty when it can."""
        own, tables = self.interests.model_dump(), settings.interests.model_dump()
        differing = [f"{key} {own[key]} ≠ {tables[key]}" for key in own if own[key] != tables[key]]
        if not differing:
            return ""
        what = f"other histories and windows than the settings' ({', '.join(differing)})"
        return f"model version {self.version} was trained on {what}"

    def check_fits(self, settings: Settings) -> None:
        """Raises LsifError when the tables are built with other windows or half-lives than the model's."""
        if misfit := self.misfit(settings):
            raise LsifError(f"{misfit}: train anew or choose another version")
