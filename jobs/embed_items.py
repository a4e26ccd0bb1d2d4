"""Turn the catalogue's texts into vectors: item_vectors, one row for each distinct text and encoder, for ever.

    python jobs/embed_items.py --ds 2017-10-31

Only texts that have no vector of the configured encoder yet are embedded: a second night embeds nothing.
"""

import pyarrow as pa
import pyarrow.compute as pc

from lsif.features.text import new_vectors
from lsif.features.text_encoders import text_encoder
from lsif.interests.as_of import catalogue_at
from lsif.job import Counts, Job, run_job


def inputs(job: Job) -> dict[str, str]:
    delivered = job.tables.newest_day("items", job.ds)
    encoder = text_encoder(job.settings.model.text_encoder).name
    return {"encoder": encoder, **job.tables.fingerprints("items", [delivered] if delivered else [])}


def work(job: Job) -> Counts:
    encoder = text_encoder(job.settings.model.text_encoder)
    texts = catalogue_at(job.tables, job.ds)["text"].to_pylist()
    own = pc.field("encoder") == encoder.name
    known = job.tables.read("item_vectors", columns=["text_sha256"], filter=own)["text_sha256"].to_pylist()
    rows = new_vectors(texts, set(known), encoder)
    if rows:
        job.tables.append("item_vectors", pa.Table.from_pylist(rows, job.tables.schema("item_vectors")))
    return Counts(len(texts), len(rows), note=f"new texts, {encoder.name}")


if __name__ == "__main__":
    run_job("embed_items", __doc__, inputs, work, ("model",))
