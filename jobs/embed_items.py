"""Turn the catalogue's texts into vectors: item_vectors, one row for each distinct text and encoder, for ever.

    python jobs/embed_items.py --ds 2017-10-31 [--model 3]
    python jobs/embed_items.py --ds 2017-10-30 --for-training

For a night: the texts of the catalogue in force, by the encoder of the model that will score (and of those that would
take its place); before any model, by the configured one. For a training: by the configured encoder, and also the texts
of the catalogues that it looks back at. So a changed setting waits for the next training. Only texts that have no
vector of their encoder yet are embedded: a second night embeds nothing.
"""

import argparse

import pyarrow as pa
import pyarrow.compute as pc

from lsif.experiment import on_night
from lsif.experiments.record import Record
from lsif.features.text import new_vectors
from lsif.features.text_encoders import TextEncoder, text_encoder
from lsif.interests.as_of import catalogue_at, catalogue_inputs
from lsif.job import Counts, Job, run_job
from lsif.learning.cutoffs import cutoffs
from lsif.registry.asked import asked
from lsif.registry.ladder import encoders
from lsif.registry.standing import Wanted
from lsif.tables import Tables


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="VERSION|ALIAS", help="what the night will be scored with, if told")
    parser.add_argument("--for-training", action="store_true", help="for a training for --ds, not for its night")


def inputs(job: Job) -> dict[str, str]:
    found = {"encoder": " ".join(encoder.name for encoder in wanted_encoders(job))}
    for ds in dates(job):
        found |= catalogue_inputs(job.tables, ds)
    return found


def work(job: Job) -> Counts:
    texts = sorted({text or "" for ds in dates(job) for text in catalogue_at(job.tables, ds)["text"].to_pylist()})
    made_by = wanted_encoders(job)
    rows = [row for encoder in made_by for row in new_rows(job.tables, texts, encoder)]
    if rows:
        job.tables.append("item_vectors", pa.Table.from_pylist(rows, job.tables.schema("item_vectors")))
    names = ", ".join(encoder.name for encoder in made_by)
    return Counts(len(texts), len(rows), note=f"new texts, {names}")


def new_rows(tables: Tables, texts: list[str], encoder: TextEncoder) -> list[dict[str, object]]:
    own = pc.field("encoder") == encoder.name
    known = tables.read("item_vectors", columns=["text_sha256"], filter=own)["text_sha256"].to_pylist()
    return new_vectors(texts, set(known), encoder)


def wanted_encoders(job: Job) -> list[TextEncoder]:
    configured = job.settings.model.text_encoder
    wanted = [] if job.args.for_training else night(job)
    named = dict.fromkeys(encoder for one in wanted for encoder in encoders(job.tables, one))
    return [text_encoder(setting) for setting in named or [configured]]


def night(job: Job) -> list[Wanted]:
    settings = on_night(job.settings, job.ds)
    stopped = Record.read(job.tables, settings.experiment).stopped(job.ds)
    models = asked(job.ds, settings, job.args.model, job.last_success("score_users"), stopped)
    return [one.wanted for one in models.values()]


def dates(job: Job) -> list[str]:
    if not job.args.for_training:
        return [job.ds]
    at = cutoffs(job.ds, job.settings.training, min(job.tables.days("events"), default=job.ds))
    return [job.ds, at.judge, at.learn[0]]


if __name__ == "__main__":
    run_job("embed_items", __doc__, inputs, work, ("model", "ranking", "training", "experiment"), arguments)
