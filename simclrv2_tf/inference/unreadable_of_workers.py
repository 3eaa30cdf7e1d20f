"""Unreadable images of all workers: each meets those of its own share."""

from __future__ import annotations

import numpy as np

from simclrv2_tf import distribution
from simclrv2_tf.data.unreadable import UnreadableImages

_NONE = -1  # no example; with it each worker has a row to join


def count_all(unreadable: UnreadableImages) -> None:
    """Adds what the other workers could not read; each must call this.

    Args:
      unreadable: `UnreadableImages` of the whole data set, after the pass
        over this worker's share.

    Raises:
      ValueError: If there are more than may be, on every worker.
    """
    own = np.array([_NONE, *sorted(unreadable.numbers)], np.int64)
    numbers = {*distribution.join_workers(own).tolist()} - {_NONE}
    if len(numbers) > unreadable.allowed:
        unreadable.report(sorted(numbers))  # which raises
    unreadable.restore(numbers)


def say(unreadable: UnreadableImages) -> None:
    """Prints what was left out of the data set; the first worker alone."""
    if unreadable.numbers and distribution.is_chief():
        print(unreadable.summary(), flush=True)
