"""What a learning rate is multiplied by for the images of a step."""

from __future__ import annotations

from typing import Any

from simclrv2_tf.optimizers import scale_learning_rate


def rate_scale(options: dict[str, Any]) -> float:
    """What a stage's learning rate is multiplied by for its batch.

    Args:
      options: {option: value} of the stage, its batch among them.
    """
    return scale_learning_rate(
        1.0,
        options["train_batch_size"],
        options.get("learning_rate_scaling", "linear"),
    )
