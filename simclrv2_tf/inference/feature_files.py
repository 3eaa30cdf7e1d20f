"""Features of a data set, computed once and kept as memory-mapped files.

A file's name holds a fingerprint of network, data, endpoint, image size and
what the network does to pixels first, so that the same features are found again
and others are not taken for them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data.example_names import example_names
from simclrv2_tf.data.source import Source
from simclrv2_tf.files import atomic
from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.inference import embedding_files
from simclrv2_tf.inference import result_shards
from simclrv2_tf.inference import sweep
from simclrv2_tf.models.backbone import Backbone
from simclrv2_tf.models.features import PIXELS
from simclrv2_tf.models.features import raw_pixels
from simclrv2_tf.models.network import Network
from simclrv2_tf.probing.feature_rows import StoredRows

RAW = "pixels"  # the name of raw pixels as a network, and of their endpoint
LARGEST = 1e15  # size of a feature, whose square is still a number


class Extractor(NamedTuple):
    """What makes features of images.

    Attributes:
      name: To tell it from others, for people.
      endpoints: Names of what it makes.
      image_size: Side of the images in pixels.
      channels: Of the images, None for those that they have.
      function: Images float (batch, height, width, channels) to {endpoint:
        features (batch, features)}.
      variables: Of its network.
      settings: What the features depend on beside these, see
        `sweep.settings`.
    """

    name: str
    endpoints: tuple[str, ...]
    image_size: int
    channels: int | None
    function: Callable
    variables: Sequence = ()
    settings: Mapping[str, Any] = {}


class Features(NamedTuple):
    """What is kept of one endpoint.

    Attributes:
      rows: `StoredRows`, one for each example of the data, zeros for an
        image that cannot be read.
      unreadable: Numbers of those.
      file: Name of the file of rows, which tells them from others.
    """

    rows: StoredRows
    unreadable: list[int]
    file: str


def raw(channels: int) -> Extractor:
    """Images of `PIXELS` by `PIXELS` as they are.

    Args:
      channels: Of all images that are compared.
    """
    return Extractor(
        RAW, (RAW,), PIXELS, channels, lambda images: {RAW: raw_pixels(images)}
    )


def of_network(
    name: str,
    endpoints: Sequence[str],
    network: Network,
    backbone: Backbone,
    option: str = "probe_endpoint",
) -> Extractor:
    """Features of a network's endpoints.

    Args:
      name: Of the network, for people.
      endpoints: Names.
      network: Whose weights tell it from others.
      backbone: From images to {endpoint: features}.
      option: That names the endpoints, for the error.

    Raises:
      ValueError: If an endpoint gives maps of features.
    """
    for endpoint in endpoints:
        shape = backbone.output[endpoint].shape
        if len(shape) != 2:
            raise ValueError(
                f"`{option}` must name features, not maps of them: "
                "final_avg_pool, proj_sel and the like. Received: "
                f"{option}={endpoint!r} of shape {shape[1:]}"
            )
    return Extractor(
        os.fspath(name),
        tuple(endpoints),
        backbone.image_size,
        backbone.input_shape[-1],
        lambda images: backbone(images, training=False),
        network.variables,
        sweep.settings(backbone),
    )


def kept(
    config: Config, directory: str, extractor: Extractor, source: Source
) -> dict[str, Features]:
    """Features of a data set, computed if they are not there.

    Killed, the same call goes on with the shards that are missing.

    Args:
      config: A `Config`.
      directory: Of this machine, for the files.
      extractor: What makes them.
      source: A `Source`.

    Returns:
      {endpoint: `Features`}.

    Raises:
      ValueError: If too many images cannot be read, or features are not
        finite.
    """
    if extractor.channels is not None:
        source = source.with_channels(extractor.channels)
    contents = _contents(config, extractor, source)
    paths = {
        name: os.path.join(directory, f"{name}-{_digest(contents, name)}.npy")
        for name in extractor.endpoints
    }
    missing = [n for n in paths if not os.path.exists(_beside(paths[n]))]
    if missing:
        _compute(config, extractor, source, contents, paths, missing)
    distribution.wait_for_workers()
    return {name: _read(path) for name, path in paths.items()}


def _contents(config, extractor, source):
    names = example_names(source)
    contents = sweep.contents(config, source, extractor, names)
    contents |= extractor.settings
    contents["image_size"] = extractor.image_size
    contents["channels"] = source.num_channels
    return contents


def _digest(contents, endpoint):
    """A fingerprint; where nothing is set it is that of earlier versions.

    But of shards, tables and joined data, whose places they did not look at.
    """
    idle = [n for n in ("input_mean", "input_std") if contents.get(n) is None]
    if endpoint not in sweep.SELECTED:
        idle.append("ft_proj_selector")
    settings = {name: v for name, v in contents.items() if name not in idle}
    return result_shards.digest_of([settings, endpoint])


def _beside(path):
    """The file that says what features are, and that they are whole."""
    return path.removesuffix(".npy") + ".json"


def _read(path):
    with open(_beside(path), encoding="utf-8") as file:
        unreadable = json.load(file)["unreadable"]
    return Features(StoredRows(path), unreadable, os.path.basename(path))


def _shards(config, contents, paths, missing):
    """The parts, in a directory that is of no other command's.

    Those that an earlier version left under its name for them go on.
    """
    size, first = config.embed_shard_size, paths[missing[0]]
    contents = {**contents, "endpoints": missing}
    digest = result_shards.digest_of([contents, size])
    directory = os.path.join(os.path.dirname(first), f"{missing[0]}-{digest}")
    own, before = (
        result_shards.Shards(
            f"{path}{result_shards.PARTS}", "features", size, contents
        )
        for path in (directory, first)
    )
    goes_on = result_shards.read_manifest(before.directory) == before.contents
    return before if goes_on else own


def _compute(config, extractor, source, contents, paths, missing):
    shards = _shards(config, contents, paths, missing)
    with shards.opened():
        _fill(config, shards, extractor, source, missing)
        distribution.wait_for_workers()
        if distribution.is_chief():
            for name in missing:
                _join(shards, name, paths[name], source.num_examples)
            shards.remove()


def _fill(config, shards, extractor, source, missing):
    """Makes the shards that are missing."""

    def function(images):
        outputs = extractor.function(images)
        return tuple(tf.cast(outputs[name], tf.float32) for name in missing)

    def write(path, numbers, arrays):
        rows = dict(zip(missing, arrays, strict=True))
        _check_finite(extractor, rows)
        embedding_files.write_arrays(path, numbers=numbers, **rows)

    size = extractor.image_size
    sweep.run_shards(config, shards, function, source, size, write)


def _check_finite(extractor, rows):
    for name, features in rows.items():
        if not (np.abs(features) < LARGEST).all():
            raise ValueError(
                "Features must be finite numbers to be of use. Received: "
                f"others (or beyond {LARGEST:g}) in {name} of "
                f"{extractor.name}: its weights are damaged or its training "
                "diverged"
            )


def _join(shards, name, path, count):
    """Writes the features, then what they are; holds one shard at a time."""
    parts = [shards.path(number) for number in range(len(shards))]
    width = embedding_files.read_arrays(parts[0])[name].shape[1]
    is_read = np.zeros(count, bool)
    with atomic.beside(path) as staged:
        rows = np.lib.format.open_memmap(
            staged, "w+", np.float32, (count, width)
        )
        for part in parts:
            arrays = embedding_files.read_arrays(part)
            rows[arrays["numbers"]] = arrays[name]
            is_read[arrays["numbers"]] = True
        rows.flush()
        del rows
    about = {
        **shards.contents,
        "endpoint": name,
        "unreadable": np.flatnonzero(~is_read).tolist(),
    }
    write_json(_beside(path), about, end="")
