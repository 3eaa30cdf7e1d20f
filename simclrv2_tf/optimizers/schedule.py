"""How the learning rate follows from batch size, epochs and step."""

import math

import keras


def scale_learning_rate(base, batch_size, scaling="linear"):
    """Returns the peak learning rate of a global batch.

    Args:
        base: learning rate at a batch of 256 (linear) or of 1 (sqrt).
        batch_size: examples per step over all replicas.
        scaling: `"linear"` for base * batch / 256, `"sqrt"` for
            base * sqrt(batch), without a 256: with 4,096 images the
            paper's 0.3 linear and 0.075 sqrt are both 4.8.

    Raises:
        ValueError: If `scaling` is neither.
    """
    if scaling == "linear":
        return base * batch_size / 256.0
    if scaling == "sqrt":
        return base * math.sqrt(batch_size)
    raise ValueError(
        "`learning_rate_scaling` must be one of ['linear', 'sqrt']. "
        f"Received: learning_rate_scaling={scaling!r}"
    )


def train_steps(num_examples, batch_size, epochs):
    """Returns the steps of a run: examples * epochs // batch + 1.

    The one step more is the original's; it is in the numbers of all its
    published checkpoints.
    """
    return int(num_examples * epochs // batch_size) + 1


def warmup_steps(num_examples, batch_size, warmup_epochs):
    """Returns the steps of `warmup_epochs` (a float), rounded down."""
    return int(round(warmup_epochs * num_examples // batch_size))


def warmup_cosine(learning_rate, total_steps, warmup=0):
    """Linear warm-up from 0, then half a cosine down to 0.

    At step s, w being the warm-up and T the total:
    learning_rate * s / w if s < w,
    else learning_rate * (1 + cos(pi * (s - w) / (T - w))) / 2.

    Args:
        learning_rate: float, the peak.
        total_steps: int, steps of the run; later steps have rate 0.
        warmup: int, steps of the warm-up, fewer than `total_steps`.

    Returns:
        A `keras.optimizers.schedules.CosineDecay`.

    Raises:
        ValueError: If the warm-up takes up all of the run.
    """
    if not 0 <= warmup < total_steps:
        raise ValueError(
            "The warm-up must be at least 0 and shorter than the training. "
            f"Received: {warmup} warm-up steps of {total_steps} in all; "
            "lower `warmup_epochs` or train longer."
        )
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        total_steps - warmup,
        warmup_target=float(learning_rate),
        warmup_steps=warmup,
    )
