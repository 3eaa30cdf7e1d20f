"""Cutting a batch into blocks of rows, and sums over such blocks."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence

import tensorflow as tf


def cut(x: tf.Tensor, tile: int) -> tf.Tensor:
    """Pads (batch, ...) with zeros and cuts it: (blocks, rows, ...).

    Blocks are as even as can be, none above `tile` rows.
    """
    count = size(x)
    blocks = -(-count // tile)
    rows = -(-count // blocks)
    padding = [[0, blocks * rows - count]] + [[0, 0]] * (x.shape.rank - 1)
    shape = [blocks, rows, *x.shape[1:]]
    return tf.reshape(tf.pad(x, padding), shape)


def size(x: tf.Tensor) -> int | tf.Tensor:
    """Rows of x: an int where known, so that shapes stay static for XLA."""
    return x.shape[0] if x.shape[0] is not None else tf.shape(x)[0]


def loop(
    first: int | tf.Tensor,
    last: int | tf.Tensor,
    step: Callable[..., Sequence[tf.Tensor]],
    *state: tf.Tensor,
) -> Sequence[tf.Tensor]:
    """Runs step(k, *state) for k from first to last, one after another."""
    return tf.while_loop(
        lambda k, *_: k <= last,
        lambda k, *state: (k + 1, *step(k, *state)),
        (first, *state),
        parallel_iterations=1,
    )[1:]
