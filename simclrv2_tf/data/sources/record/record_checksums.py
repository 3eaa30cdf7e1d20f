"""Which records of a TFRecord file do not match their checksums.

TensorFlow's own reader compares them, outside of Python, and stops at the
first that differs: it is started again behind that one.
"""

from __future__ import annotations

import tensorflow as tf

_BATCH = 64  # records that are counted at once


def damaged_records(path: str, skip: int, count: int) -> list[int]:
    """Which of `count` records differ, from 0; `skip` come before these."""
    damaged, first = [], 0
    while first < count:
        first += _whole(path, skip + first, count - first)
        if first < count:
            damaged.append(first)
        first += 1
    return damaged


def _whole(path, skip, count):
    """How many of `count` records match, up to the first that does not."""
    numbers = (tf.constant(number, tf.int64) for number in (skip, count))
    return int(_counted(path, *numbers))


@tf.function(  # traced once, and not for each file
    input_signature=[
        tf.TensorSpec([], tf.string),
        tf.TensorSpec([], tf.int64),
        tf.TensorSpec([], tf.int64),
    ],
    autograph=False,
)
def _counted(path, skip, count):
    records = tf.data.TFRecordDataset(path).skip(skip).take(count)
    batches = records.ignore_errors().batch(_BATCH)
    return batches.reduce(0, lambda sum, batch: sum + tf.size(batch))
