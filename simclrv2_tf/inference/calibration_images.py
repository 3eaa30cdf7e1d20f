"""Images of training that an int8 export is calibrated on."""

from __future__ import annotations

import logging
import os

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.inference.evaluation.eval_batches import batches_of
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import weights

FEW = 50  # images below which ranges may be wrong: a choice, not measured
_LOG = logging.getLogger("simclrv2_tf")


def calibration_images(
    config: Config,
    prefix: str | os.PathLike,
    network: Network,
    source: Source | None = None,
) -> np.ndarray:
    """Some images of the training split, drawn by `seed`, as evaluation sees.

    Args:
      config: A `Config`.
      prefix: Of the network's weights.
      network: A `Network`.
      source: A `Source` that was trained on, in place of the config's.

    Returns:
      float32 (count, height, width, channels) in [0, 1], of the network's
      size: `export_calibration_images`, or as many as there are.

    Raises:
      ValueError: If it is not known which images, or none can be read.
    """
    source = source or _of_training(config, prefix)
    source = source.with_channels(network.get_config()["channels"])
    unreadable = UnreadableImages(source, config.max_corrupt_fraction)
    with unreadable.explained():
        numbers = _drawn(config, source.num_examples)
        batches = batches_of(config, network, source, unreadable, numbers)
        parts = [images for images, _ in batches.as_numpy_iterator()]
    if not parts:
        raise ValueError(
            "An int8 export is calibrated on images of the training split. "
            f"Received: {source.name}, of whose images none of "
            f"{len(numbers)} can be read; ask for more of them with "
            "--export_calibration_images."
        )
    return np.concatenate(parts)


def _of_training(config, prefix):
    if "dataset" not in {*config.given, *weights.flags_of(prefix)}:
        raise ValueError(
            "An int8 export is calibrated on images of training: name them "
            f"with --dataset. Received: the weights {prefix!r}, which no run "
            "with data of its own has trained."
        )
    return inputs.open_source(config)


def _drawn(config, count):
    """Numbers of the examples, ascending, each once."""
    requested = config.export_calibration_images
    wanted = min(requested, count)
    if wanted < min(requested, FEW):
        _LOG.warning(
            "an int8 export is calibrated on %d images, of %d asked for: so "
            "few may give wrong ranges; name more with --dataset",
            wanted,
            requested,
        )
    generator = np.random.default_rng(config.seed)
    return np.sort(generator.choice(count, wanted, replace=False))
