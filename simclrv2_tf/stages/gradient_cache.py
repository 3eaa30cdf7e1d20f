"""The gradient of a large batch in the memory of a small one (GradCache).

Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory
Limited Setup". A contrastive loss needs the embeddings of the whole batch at
once, but never its activations. So micro-batches are embedded one after
another and nothing but their embeddings is kept; the loss says what gradient
each embedding gets; then every micro-batch is embedded again, this time with
what a backward pass needs, and takes its part of that gradient to the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence

import keras
import tensorflow as tf

from simclrv2_tf import distribution


def embed(
    encode: Callable,
    views: Sequence[tf.Tensor],
    microbatch: int,
    widths: Sequence[int],
) -> list[tuple[tf.Tensor, ...]]:
    """Embeds a batch in micro-batches; differentiable as if in one go.

    To be called under a tape, like `encode` itself. Normalization takes its
    moments from each micro-batch, and its moving statistics advance once for
    each.

    Args:
      encode: Function (views, first) from rows of each view, and the place
        of the first of them in the batch, to float32 tensors
        (rows, width). It is called twice for each micro-batch and must
        answer the same.
      views: Tensors (batch, ...), the batch known.
      microbatch: Rows at a time; they divide the batch.
      widths: Features of each of the answers of `encode`.

    Returns:
      The answers of `encode`, of the whole batch, a tuple.

    Raises:
      ValueError: If `microbatch` does not divide the batch.
    """
    views = [tf.convert_to_tensor(view) for view in views]
    batch = views[0].shape[0]
    check(microbatch, batch)
    count = batch // microbatch
    cut = [_cut(view, count) for view in views]
    tables = [tf.zeros([count, microbatch, width]) for width in widths]

    def encode_part(k):
        return encode([view[k] for view in cut], k * microbatch)

    @tf.custom_gradient
    def run():
        joined = _in_turn(count, _noting(encode_part), *tables)

        def gradient(*upstream, variables=()):
            parts = [_cut(u, count) for u in upstream]
            step = _adding(encode_part, parts, variables)
            start = [tf.zeros(v.shape, v.dtype) for v in variables]
            return (), list(_in_turn(count, step, *start))

        return tuple(_join(answers) for answers in joined), gradient

    return run()


def check(microbatch: int, batch: int) -> None:
    """Raises a ValueError unless `microbatch` divides a device's batch."""
    if batch is None:
        raise ValueError(
            "`gradient_cache_microbatch` needs batches of a known size: batch "
            "the data set with drop_remainder=True. Received: views of "
            "unknown batch size"
        )
    if batch % microbatch:
        raise ValueError(
            "`gradient_cache_microbatch` must divide the images that each "
            f"device has in a step, here {batch}. Received: "
            f"gradient_cache_microbatch={microbatch}"
        )


def _noting(encode_part):
    """First pass: notes the answers, in a row of each table."""

    def step(k, *tables):
        answers = encode_part(k)
        return [
            tf.tensor_scatter_nd_update(table, [[k]], answer[tf.newaxis])
            for table, answer in zip(tables, answers, strict=True)
        ]

    return step


def _adding(encode_part, upstream, variables):
    """Second pass: adds a micro-batch's part to each variable's gradient."""

    def step(k, *sums):
        # Moving statistics have advanced in the first pass: this scope drops
        # what is assigned in it.
        with keras.StatelessScope(), tf.GradientTape() as tape:
            tape.watch(variables)
            answers = encode_part(k)
        parts = tape.gradient(
            answers,
            variables,
            [each[k] for each in upstream],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return [total + part for total, part in zip(sums, parts, strict=True)]

    return step


def _in_turn(count, step, *state):
    """state = step(k, *state) for k from 0 to count - 1, never two at once."""
    if distribution.num_replicas() == 1:
        return tf.while_loop(
            lambda k, *_: k < count,
            lambda k, *state: (k + 1, *step(k, *state)),
            (tf.constant(0), *state),
            parallel_iterations=1,
        )[1:]
    for k in range(count):  # replicas cannot meet inside a tf.while_loop
        with tf.control_dependencies(state):
            state = step(tf.constant(k), *state)
    return state


def _cut(x, count):
    return tf.reshape(x, [count, x.shape[0] // count, *x.shape[1:]])


def _join(x):
    return tf.reshape(x, [-1, *x.shape[2:]])
