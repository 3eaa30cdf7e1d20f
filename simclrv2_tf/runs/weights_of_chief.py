"""One checkpoint for all workers: each of them looks for itself first.

While a run is trained, a worker may see a checkpoint that another does not
see yet. What the first worker sees counts for all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simclrv2_tf import distribution
from simclrv2_tf.checkpoints import run_directory


def _is_whole(prefix):
    return run_directory.verify(prefix) is None


def of_chief(
    directory: str | None,
    prefix: str | None,
    is_whole: Callable[[str], bool] = _is_whole,
    wait: bool = False,
) -> str | None:
    """Prefix of the checkpoint that the first worker sees, for every worker.

    Each must call this. A single worker gets what it sees itself.

    Args:
      directory: Of the run.
      prefix: Of the newest checkpoint that this worker sees there, None for
        none.
      is_whole: Whether the checkpoint of a prefix can be read.
      wait: Whether a checkpoint that one worker does not see yet, or no more,
        is None for all, as the next look finds another.

    Raises:
      ValueError: Without `wait`, if the first worker's is not there for this
        one.
    """
    own = -1 if prefix is None else run_directory.step_of(prefix)
    steps = distribution.join_workers(np.array([own])).tolist()
    if steps[0] < 0 or directory is None:
        return prefix if steps[0] == own else None
    of_first = run_directory.prefix_of(directory, steps[0])
    if steps[0] == own and prefix is not None:
        of_first = prefix
    lacks = steps[0] != own and not is_whole(of_first)
    if wait:
        return None if distribution.any_worker(lacks) else of_first
    if lacks:
        raise ValueError(
            "`model_dir` must be one directory that all workers share: they "
            f"find checkpoints of the steps {steps} in {directory!r}."
        )
    return of_first
