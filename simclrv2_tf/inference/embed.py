"""`--mode=embed`: an endpoint of every example of a data set, in order."""

from __future__ import annotations

import os

import keras
import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data.example_names import example_names
from simclrv2_tf.data.label_checks import check_named
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.inference import embedding_files
from simclrv2_tf.inference import exports
from simclrv2_tf.inference import result_shards
from simclrv2_tf.inference import sweep
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_order

NAME = "embeddings"


def embed(config: Config, source: Source | None = None) -> str:
    """Writes embeddings; goes on where an earlier call was stopped.

    With `embed_format="npz"` the result is one file of `embeddings`,
    `labels`, `files` and `class_names`, else a directory of TFRecord shards.
    Images that cannot be read are named and left out.

    Args:
      config: A `Config`.
      source: A `Source` in place of the one that the config names.

    Returns:
      The path that was written.

    Raises:
      ValueError: If there is nothing to embed with, too many images cannot be
        read, the output holds another result, or records are to have labels
        whose classes have no names.
    """
    prefix = weights.newest(config)
    output = _output(config, prefix)
    backbone = weights.load_backbone(config, prefix, config.embed_endpoint)
    source = source or sweep.open_whole(config)
    if config.embed_format == "tfrecord":  # each record has its class by name
        check_named(source.class_names, source.labels, source.name)
    source = weights_order.in_order_of(prefix, source)
    source = source.with_channels(backbone.input_shape[-1])
    files = example_names(source)
    contents = sweep.contents(config, source, backbone, files)
    contents |= sweep.settings(backbone)
    contents["endpoint"] = config.embed_endpoint
    contents["format"] = config.embed_format
    if _is_done(output, contents):
        print(f"{output} is there already", flush=True)
        return output
    _compute(config, output, backbone, source, files, contents)
    if distribution.is_chief():
        print(f"wrote embeddings of {source.name} to {output}", flush=True)
    return output


def _output(config, prefix):
    """The file or directory that is asked for, checked as far as it goes."""
    output = config.embed_output
    if not output and not config.model_dir:
        raise ValueError(
            "`embed_output` must say where the embeddings go if there is no "
            "--model_dir. Received: embed_output=None"
        )
    step = exports.step_of(prefix)
    npz = config.embed_format == "npz"
    ending = ".npz" if npz else ""
    default = os.path.join(config.model_dir or "", f"{NAME}-{step}{ending}")
    output = output or default
    if npz and (not output.endswith(".npz") or is_remote(output)):
        raise ValueError(
            "`embed_output` must name a file of this machine that ends in "
            ".npz, or give --embed_format=tfrecord for a directory of shards. "
            f"Received: embed_output={output!r}"
        )
    return output


def _is_done(output, contents):
    """Whether the archive is there; raises a ValueError for another one."""
    if contents["format"] != "npz" or not tf.io.gfile.exists(output):
        return False
    before = embedding_files.manifest_of(output) or {}
    known = {k: v for k, v in before.items() if k in contents}
    result_shards.check_same(
        "embed_output", output, known, contents, "embeddings"
    )
    return True


def _compute(config, output, backbone, source, files, contents):
    npz = contents["format"] == "npz"
    contents["shape"] = list(_shape(backbone))
    directory = f"{output}{result_shards.PARTS}" if npz else output
    shards = result_shards.Shards(
        directory, NAME, config.embed_shard_size, contents
    )
    with shards.opened():
        _fill(config, shards, backbone, source, files)
        distribution.wait_for_workers()
        if npz and distribution.is_chief():
            _join(output, shards, source, files)


def _fill(config, shards, backbone, source, files):
    """Makes the shards that are missing."""

    def function(images):
        return (tf.cast(backbone(images, training=False), tf.float32),)

    def write(path, numbers, arrays):
        if shards.contents["format"] == "npz":
            embedding_files.write_arrays(
                path, embeddings=arrays[0], numbers=numbers
            )
            return
        embedding_files.write_records(
            path,
            arrays[0],
            source.labels[numbers],
            [files[number] for number in numbers],
            source.class_names,
        )

    size = backbone.image_size
    sweep.run_shards(config, shards, function, source, size, write)


def _shape(backbone):
    """Shape of one example's embedding."""
    size = backbone.image_size
    images = keras.KerasTensor((1, size, size, backbone.input_shape[-1]))
    return backbone.compute_output_spec(images).shape[1:]


def _join(output, shards, source, files):
    parts = [shards.path(number) for number in range(len(shards))]
    numbers = embedding_files.read_joined(parts, "numbers")
    embedding_files.join(
        output,
        parts,
        NAME,
        len(numbers),
        shards.contents,
        labels=source.labels[numbers].astype(np.int32),
        files=np.array(files)[numbers],
        class_names=np.array(source.class_names or (), str),
    )
    shards.remove()
