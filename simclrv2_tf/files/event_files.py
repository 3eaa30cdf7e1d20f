"""TensorBoard's event files: points that are written again are dropped first.

TensorFlow 2 has no `purge_step`, and readers show both of two points of a step.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from simclrv2_tf.files import atomic

_PREFIX = "events.out.tfevents."


def keep_events(directory: str, wanted: Callable[[Any], bool]) -> None:
    """Writes the event files of a directory anew, without some of the points.

    A file that loses nothing stays as it is. A record that a kill cut off ends
    its file.

    Args:
      directory: Whose own event files these are; it need not be there.
      wanted: Function from a `tf.compat.v1.Event` to whether it stays.

    Raises:
      ValueError: If a file cannot be written.
      tf.errors.OpError: If the directory cannot be read.
    """
    if not tf.io.gfile.isdir(directory):
        return
    for name in sorted(tf.io.gfile.listdir(directory)):
        if name.startswith(_PREFIX) and not name.endswith(".tmp"):
            _keep(os.path.join(directory, name), wanted)


def _keep(path, wanted):
    records = list(_records(path))
    kept = [r for r in records if wanted(tf.compat.v1.Event.FromString(r))]
    if len(kept) == len(records):
        return
    with atomic.beside(path) as staged, tf.io.TFRecordWriter(staged) as writer:
        for record in kept:
            writer.write(record)


def _records(path) -> Iterator[bytes]:
    """The whole records of a file, up to the first that is damaged."""
    try:
        yield from tf.data.TFRecordDataset(path).as_numpy_iterator()
    except tf.errors.DataLossError:
        return
