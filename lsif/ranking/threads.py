"""Blocks of users side by side, one thread each."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Task = TypeVar("Task")
Made = TypeVar("Made")


def in_turn(work: Callable[[Task], Made], tasks: Iterable[Task]) -> Iterator[Made]:
    """`work` of every task, in order; as many at once as torch has threads, each of them without help.

    Torch's threads wait for each other at the end of every small product and burn the processor meanwhile: that was
    four fifths of the time. Few results wait to be taken, so memory does not grow with the tasks.
    Torch's number of threads is the process's: never two of these at once.
    """
    threads = torch.get_num_threads()
    ahead: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(threads)
    torch.set_num_threads(1)
    try:
        for task in tasks:
            ahead.append(pool.submit(work, task))
            if len(ahead) > threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
