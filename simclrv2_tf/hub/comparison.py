"""Comparison of the outputs of two sets of weights."""

import gc
import logging
import math
import os
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import detection
from simclrv2_tf.checkpoints import pytorch_files
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.hub import load
from simclrv2_tf.hub import untrained_classifier
from simclrv2_tf.machine.full_float32 import full_float32

_LOG = logging.getLogger("simclrv2_tf")
TOLERANCE = 1e-4  # relative L2 error of an endpoint, both sides in float32


def compare(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    images: int = 2,
    size: int | None = None,
    seed: int = 0,
    **loading: Any,
) -> dict[str, float]:
    """Relative L2 errors between the endpoints of two sets of weights.

    Args:
      source: See `hub.load_network`.
      target: The same; PyTorch files are run in PyTorch where it is
        installed, else read back like any other.
      images: Random images to compare on.
      size: Their side in pixels; unless given 64, or 32 for the small stem,
        or what a Keras backbone is built for.
      seed: Of the images, which are uniform in [0, 1).
      **loading: For `hub.load_network`, for both sides: `ft_proj_selector`;
        `ema` and `ignore` for the source alone.

    Returns:
      {endpoint: relative L2 error}, NaN where an endpoint is not finite. A
      classifier that the source's run never trained is not compared.

    Raises:
      ValueError: If there are no weights, they do not fit, or a Keras
        backbone takes no images of this size.
    """
    own: dict[str, Any] = {
        k: loading.pop(k) for k in ("ema", "ignore") if k in loading
    }
    if untrained_classifier.is_untrained(source):
        own["num_classes"] = 0  # as `convert` leaves it out
    network = load.load_network(source, **{**own, **loading})
    config = network.get_config()
    loading = {**_not_kept(target, config), **loading}
    size = size or _size(config)
    pixels = np.random.default_rng(seed).random(
        (images, size, size, config["channels"]), np.float32
    )
    with tempfile.TemporaryDirectory() as directory:
        kept = os.path.join(directory, "expected.npz")
        np.savez(kept, **_answers(network, pixels))
        del network  # two of them need not be in memory at once
        gc.collect()
        answered = _answers_of_target(target, pixels, loading)
        with np.load(kept, allow_pickle=False) as expected:
            return {k: error(answered[k], expected[k]) for k in expected}


def _size(config):
    """Side of images that a network answers, and quickly where it may."""
    size = config["image_size"]
    return size if config.get("backbone") else min(64, size)


def _not_kept(target, config):
    """Arguments of the source's network that some formats do not keep."""
    kind, _ = any_format.locate(os.fspath(target))
    if kind not in (any_format.CHECKPOINT, detection.H5):
        return {}
    names = ["ft_proj_selector", "sk_ratio", "se_ratio"]
    names += ["input_mean", "input_std"]
    if config["num_proj_layers"] == 1 or config["proj_head_mode"] == "linear":
        names.append("proj_head_mode")
    return {name: config[name] for name in names}


def _answers(network, pixels):
    try:
        with full_float32():
            endpoints = network(pixels, training=False)
    except tf.errors.InvalidArgumentError as error:
        raise ValueError(
            "`size` must be a side in pixels that the network takes, as "
            f"{network.get_config()['image_size']}. Received: "
            f"size={pixels.shape[1]}"
        ) from error
    return {name: np.asarray(value) for name, value in endpoints.items()}


def _answers_of_target(target, pixels, loading):
    kind, path = any_format.locate(os.fspath(target))
    if kind in (detection.SAFETENSORS, detection.PICKLE):
        torch = _torch()
        if torch:
            return _answers_of_pytorch(torch, path, pixels, loading)
        _LOG.warning(
            "PyTorch is not installed: %s is read back and its endpoints are "
            "compared in TensorFlow",
            path,
        )
    return _answers(load.load_network(target, **loading), pixels)


def _torch():
    """PyTorch; None where it is not installed."""
    try:
        return pytorch_files.import_torch()
    except ValueError:
        return None


def _answers_of_pytorch(torch, path, pixels, loading):
    from simclrv2_tf.checkpoints import pytorch_module

    with file_errors(path), torch.no_grad():
        network = pytorch_module.load(path, **loading)
        endpoints = network(torch.from_numpy(pixels.transpose(0, 3, 1, 2)))
    return {name: _channels_last(v.numpy()) for name, v in endpoints.items()}


def _channels_last(array):
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def error(answered: np.ndarray, expected: np.ndarray) -> float:
    """Relative L2 error; 0 for equal arrays, zeros among them."""
    difference = np.linalg.norm(np.ravel(answered - expected))
    size = np.linalg.norm(np.ravel(expected))
    if not size:
        return math.inf if difference else 0.0
    return float(difference / size)
