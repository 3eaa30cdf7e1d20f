"""Several endpoints of a network at once, of some images of a source."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.models.network import Network


def outputs_of(
    network: Network,
    source: Source,
    endpoints: tuple[str, ...],
    numbers: np.ndarray | None = None,
    batch_size: int = 256,
    max_corrupt_fraction: float = 1.0,
    made_of: Mapping[str, Callable[[np.ndarray], np.ndarray]] | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Goes through images once.

    Args:
      network: A `Network`.
      source: A `Source`.
      endpoints: Names of endpoints of shape (batch, channels).
      numbers: Of the examples that are wanted, int; None for all.
      batch_size: Images in a step.
      max_corrupt_fraction: Share of the images that may be unreadable; they
        are left out.
      made_of: {endpoint: function of its float32 (batch, channels) to what is
        kept of it, (batch, ...)}; others are kept as they are.

    Returns:
      Numbers of the examples that could be read, and {endpoint: float32
      (examples, channels)}, or what is made of it.

    Raises:
      ValueError: If no image can be read, or too many cannot.
    """
    config = network.get_config()
    unreadable = UnreadableImages(source, max_corrupt_fraction)
    batches = pipeline.eval_dataset(
        source.with_channels(config["channels"]),
        batch_size,
        config["image_size"],
        unreadable=unreadable,
        numbers=numbers,
    )

    def run(images, numbers):
        outputs = network(images, training=False)
        wanted = [tf.cast(outputs[name], tf.float32) for name in endpoints]
        return numbers, *wanted

    keep = [(made_of or {}).get(name, np.asarray) for name in endpoints]
    with unreadable.explained():
        rows = [
            (read, *(k(a) for k, a in zip(keep, arrays, strict=True)))
            for read, *arrays in distribution.map_rows(run, batches)
        ]
    if not rows:
        raise ValueError(f"No image of {source.name} can be read.")
    read, *arrays = map(np.concatenate, zip(*rows, strict=True))
    return read, dict(zip(endpoints, arrays, strict=True))
