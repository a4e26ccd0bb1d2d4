"""Several processes that train one model together, each on its share of every step's users.

    torchrun --standalone --nproc-per-node 2 jobs/train.py --ds 2017-10-30

Every process holds the whole model and reads all cutoffs, from files that the first of each machine has written;
gradients are averaged, so all take the same steps and end with the same weights. The first one registers the model.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from lsif.features.ragged import Array

PATIENCE = timedelta(hours=6)
"""How long one waits for another: while the first reads the tables, the others have nothing to do."""


@dataclass(frozen=True)
class Ranks:
    """This process among `count` that train together."""

    rank: int = 0
    count: int = 1

    def share(self, users: Array) -> tuple[Array, float]:
        """This process's users of a step, and what its loss counts so that the mean over processes is over users.

        Where there are fewer users than processes, the rest look at one that counts nothing: all must take every step.
        """
        own = users[self.rank :: self.count]
        return (own, len(own) * self.count / len(users)) if len(own) else (users[:1], 0.0)

    def first_here(self) -> int:
        """The first process on this machine."""
        return self.gathered(socket.gethostname()).index(socket.gethostname())

    def gathered(self, own: Any) -> list[Any]:
        """What each process gives, as soon as all have; plain values."""
        everybodys = [own] * self.count
        if self.count > 1:
            dist.all_gather_object(everybodys, own)
        return everybodys

    def average(self, values: Sequence[Tensor]) -> None:
        """Replace each tensor by its mean over all processes."""
        if self.count > 1:
            flat = parameters_to_vector(values)
            dist.all_reduce(flat)
            vector_to_parameters(flat / self.count, values)


@contextmanager
def joined() -> Iterator[Ranks]:
    """All processes that torchrun started, or this one alone."""
    if dist.is_initialized():
        yield Ranks(dist.get_rank(), dist.get_world_size())
    elif int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks()
    else:
        meet()
        try:
            yield Ranks(dist.get_rank(), dist.get_world_size())
        finally:
            dist.destroy_process_group()


def meet(where: str | None = None) -> None:
    """Join the processes that RANK and WORLD_SIZE count; where all are on this machine, it hears no other.

    Args:
        where: a URL of torch where they find each other, by default what torchrun has opened.
    """
    if os.environ.get("LOCAL_WORLD_SIZE") == os.environ["WORLD_SIZE"]:
        for library in ("GLOO", "NCCL"):
            os.environ.setdefault(f"{library}_SOCKET_IFNAME", "lo")
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    dist.init_process_group(backend, where, PATIENCE, world_size=count, rank=rank)


def device() -> torch.device:
    """A GPU where there is one, another one for each process."""
    own = int(os.environ.get("LOCAL_RANK", "0"))
    return torch.device("cuda", own) if torch.cuda.is_available() else torch.device("cpu")
