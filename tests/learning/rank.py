"""One of two processes that train the planted world together: python -m tests.learning.rank RANK FOLDER TOML

They find each other through a file and talk over the loopback interface alone.
"""

import json
import os
import sys
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist

from lsif.config import Settings, load_settings
from lsif.learning.lessons import Lessons, in_files
from lsif.learning.stored import Shelf
from lsif.learning.training import fit
from lsif.model import layers
from tests.learning.test_training import small, world


def together(settings: Settings) -> Settings:
    """Every epoch runs; nothing is left out by chance, since each process would leave out other things."""
    return small(settings, patience=6, batch_users=64)


def planted(settings: Settings, wrote: Path, shelf: Shelf) -> Lessons:
    """The world as lessons in files; the last cutoff stops."""
    wrote.touch()
    index, examples = world(settings)
    stop, *latest_first = [shelf.keep([one.snapshot], one.targets) for one in reversed(examples)]
    return Lessons(index, tuple(reversed(latest_first)), stop, 0)


def main(rank: int, folder: Path, config: str) -> None:
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=2)
    layers.DROPPED = 0.0
    settings = together(load_settings(config))
    with in_files(folder, partial(planted, settings, folder / f"{rank} wrote")) as read:
        made = fit(read.learn, read.stop, read.index, settings)
    weights = torch.nn.utils.parameters_to_vector(made.model.parameters())
    torch.save(weights.detach(), folder / f"{rank}.pt")
    (folder / f"{rank}.json").write_text(json.dumps([epoch.loss for epoch in made.epochs]))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
