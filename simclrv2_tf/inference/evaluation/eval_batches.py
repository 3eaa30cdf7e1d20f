"""What an evaluation looks at: some examples or all, in batches."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.models.network import Network


def spread_over(config: Config, source: Source) -> Source:
    """The examples of `eval_steps` batches, all unless given.

    They are spread evenly over the data: the first ones of a folder are all
    of its first class.
    """
    wanted = config.eval_steps * config.eval_batch_size
    if not 0 < wanted < source.num_examples:
        return source
    return source.subset(np.arange(wanted) * source.num_examples // wanted)


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
