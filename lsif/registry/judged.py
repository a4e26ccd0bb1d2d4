"""What was fitted, tried on the days that it never saw: a candidate for the registry."""

from dataclasses import asdict, dataclass

from lsif.config import Settings
from lsif.learning.cutoffs import Cutoffs
from lsif.learning.training import Trained
from lsif.learning.trial import circumstances, trial
from lsif.ranking.trained import TrainedModel
from lsif.registry.registration import Candidate
from lsif.tables import Tables

SECTIONS = {"event_types", "interests", "training", "model", "llm"}
"""Settings that a model is made with; the lists are what it is judged by."""


@dataclass(frozen=True)
class Fit:
    """A model as training leaves it, and what went in.

    Attributes:
        examples: how many of how many were drawn, in words.
        hashes: data_hash, config_hash and code_hash.
        id: of this fit and of no other.
    """

    made: Trained
    examples: str
    hashes: dict[str, str]
    id: str


def judged(
    tables: Tables,
    at: Cutoffs,
    settings: Settings,
    fit: Fit,
    champion: TrainedModel | None,
    start: TrainedModel | None,
) -> Candidate:
    """The fit and what its trial found.

    Args:
        champion: beside which it is tried.
        start: the model with which training began.

    Raises:
        LsifError: of `trial`.
    """
    made = fit.made
    challenger = TrainedModel(made.model, made.index, "challenger", settings.interests, at.trained_through)
    found = trial(tables, at, settings, challenger, champion)
    evaluation = circumstances(at, settings, champion, start)
    evaluation["groups"] = [asdict(one) for one in found.groups]
    return Candidate(
        trained=challenger,
        ds=at.ds,
        settings=settings.model_dump(mode="json", include=SECTIONS),
        comparison=found.comparison,
        evaluation=evaluation,
        epochs=made.epochs,
        hashes=fit.hashes,
        drawn={"examples": fit.examples, "trial_users": f"{found.users} of {found.active}"},
        privacy=made.spent.tags() if made.spent else {},
        training=fit.id,
    )
