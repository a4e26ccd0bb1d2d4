"""Write the lists beside items: similar_items/D and taken_together/D, those that [item_lists] names.

    python jobs/item_lists.py --ds 2017-10-31

Needs the catalogue with vectors of its texts (embed_items), history_tiles and item_states of D. No model is asked, and
no list of users waits for it.
"""

import pyarrow.compute as pc

from lsif.errors import LsifError
from lsif.item_lists.night import ItemNight, inputs_of, wanted_lists
from lsif.job import Counts, Job, run_job

STEP = "item_lists"


def inputs(job: Job) -> dict[str, str]:
    return inputs_of(job.tables, job.ds, job.settings, encoder(job))


def work(job: Job) -> Counts:
    writers = {name: job.tables.writer(name) for name in wanted_lists(job.settings)}
    night = ItemNight(job.tables, job.ds, job.settings, encoder(job))
    for name, writer in writers.items():
        writer.write(job.ds, night.rows(name))
    rows = {name: writer.commit() for name, writer in writers.items()}
    note = ", ".join(f"{name} {count:,}" for name, count in rows.items())
    return Counts(len(night.ids), sum(rows.values()), note=note)


def encoder(job: Job) -> str:
    """Whose vectors the night's texts have: the encoder that embed_items named first, which scoring reads too."""
    embedded = job.last_success("embed_items")
    said = embedded["inputs"]["encoder"] if embedded else ""
    known = pc.unique(job.tables.read("item_vectors", columns=["encoder"])["encoder"]).to_pylist()
    if not (named := [name for name in known if name in said]):
        raise LsifError(f"the catalogue's texts of ds={job.ds} have no vectors: run embed_items first")
    return str(min(named, key=lambda name: (said.index(name), -len(name))))


if __name__ == "__main__":
    run_job(STEP, __doc__, inputs, work, ("item_lists", "ranking", "interests", "llm"))
