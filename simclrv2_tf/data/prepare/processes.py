"""Work on several processes, which end with their parent; joblib's do not.

With joblib 1.6 two workers were still there 45 seconds after their parent was
killed, and had begun further tasks; here they are gone at once.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import threading
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator

from simclrv2_tf.console import quiet_start

AHEAD = 2  # pieces of work that wait for each process


def run_all(
    function: Callable, tasks: Iterable[tuple], processes: int
) -> Iterator:
    """Calls a function for each task; yields results in the order they come.

    Args:
      function: One of a module, so that processes can find it.
      tasks: Iterable of its arguments; taken as they are needed.
      processes: How many; with 1 it is called here.

    Raises:
      ValueError: If a process was killed.
    """
    if processes == 1:
        for task in tasks:
            yield function(*task)
        return
    context = multiprocessing.get_context("spawn")  # TensorFlow has threads
    with concurrent.futures.ProcessPoolExecutor(
        processes, context, _begin
    ) as pool:
        try:
            yield from _taken_in_turn(pool, function, iter(tasks), processes)
        except concurrent.futures.process.BrokenProcessPool:
            raise ValueError(
                "A process was killed, perhaps for want of memory: run the "
                "same command again, with fewer processes; it goes on."
            ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _taken_in_turn(pool, function, tasks, processes):
    waiting = set()
    while True:
        while len(waiting) < AHEAD * processes:
            task = next(tasks, None)
            if task is None:
                break
            waiting.add(pool.submit(function, *task))
        if not waiting:
            return
        done, waiting = concurrent.futures.wait(
            waiting, return_when=concurrent.futures.FIRST_COMPLETED
        )
        for future in done:
            yield future.result()


def _begin():
    """Initialises a worker: one thread, exits with its parent."""
    quiet_start.load_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
