"""What an evaluation looks at: the first examples, in batches."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.models.network import Network


def first_of(config: Config, source: Source) -> Source:
    """The examples of the first `eval_steps` batches, all unless given."""
    if not config.eval_steps:
        return source
    first = min(config.eval_steps * config.eval_batch_size, source.num_examples)
    return source.subset(np.arange(first))


def batches_of(
    config: Config,
    network: Network,
    source: Source,
    unreadable: UnreadableImages,
    numbers: np.ndarray | None = None,
) -> tf.data.Dataset:
    """This worker's share of batches, as the network takes them.

    Args:
      config: A `Config`.
      network: A `Network`.
      source: A `Source`.
      unreadable: Counts what cannot be read of it.
      numbers: Of the examples that are wanted; None for all.
    """
    workers, worker = distribution.worker_share()
    share = -(-config.eval_batch_size // workers)
    size = network.get_config()["image_size"]
    return pipeline.eval_dataset(
        source, share, size, workers, worker, unreadable, numbers
    )
