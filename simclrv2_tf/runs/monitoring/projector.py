"""Features of some images for TensorBoard's embedding projector."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.files import atomic
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs.model_dir import PROJECTOR

EXAMPLES = 512  # points; their pictures make one image of 32 by 16
_SIDE = 32  # pixels of a picture
_COLUMNS = 32
_BATCH = 64  # images at a time, more of those of few pixels
_PIXELS = 256 * 32**2
_NAME = "projector_config.pbtxt"  # where TensorBoard looks
_CONFIG = """embeddings {{
  tensor_name: "final_avg_pool"
  tensor_path: "{folder}/features.tsv"
  metadata_path: "{folder}/labels.tsv"
  sprite {{
    image_path: "{folder}/pictures.png"
    single_image_dim: {side}
    single_image_dim: {side}
  }}
}}
"""


def exists(directory: str) -> bool:
    """Whether a run's directory has what `write` makes."""
    return tf.io.gfile.exists(os.path.join(directory, _NAME))


def write(
    directory: str,
    network: Network,
    source: Source,
    unreadable: UnreadableImages,
) -> None:
    """Writes `projector_config.pbtxt` and what it names.

    Args:
      directory: Of the run, which TensorBoard is pointed at.
      network: A trained `Network`.
      source: A `Source`; examples evenly spread over it are taken.
      unreadable: What the run could not read of it so far; counts on.

    Raises:
      ValueError: If too many images cannot be read, or none of those taken.
    """
    images, numbers, features = _seen(network, source, unreadable)
    labels = source.labels[numbers]
    folder = os.path.join(directory, PROJECTOR)
    tf.io.gfile.makedirs(folder)
    rows = ("\t".join(f"{v:.6g}" for v in row) for row in features)
    _lines(os.path.join(folder, "features.tsv"), rows)
    named = (_name(label, source.class_names) for label in labels)
    _lines(os.path.join(folder, "labels.tsv"), named)
    pictures = os.path.join(folder, "pictures.png")
    with tf.io.gfile.GFile(pictures, "wb") as file:
        file.write(_sheet(images))
    config = _CONFIG.format(folder=PROJECTOR, side=_SIDE)
    atomic.write_text(os.path.join(directory, _NAME), config)


def _seen(network, source, unreadable):
    """Images, their numbers and features; what cannot be read is left out."""
    count = min(EXAMPLES, source.num_examples)
    size = network.get_config()["image_size"]
    batches = pipeline.eval_dataset(
        source,
        max(_BATCH, _PIXELS // size**2),
        size,
        unreadable=unreadable,
        numbers=np.arange(count) * source.num_examples // count,
    )
    with unreadable.explained():
        seen = [(x, i, _features(network, x)) for x, i in batches]
    if not seen:
        raise ValueError(f"none of {count} images of {source.name} can be read")
    return map(np.concatenate, zip(*seen, strict=True))


def _features(network, images):
    """float32 (batch, features); not compiled, as it is done once."""
    features = network(images, training=False)["final_avg_pool"]
    return tf.cast(features, tf.float32).numpy()


def _lines(path, lines):
    atomic.write_text(path, "".join(f"{line}\n" for line in lines))


def _name(label, names):
    if label < 0 or not names:
        return "unlabelled"
    return str(names[label]).replace("\t", " ").replace("\n", " ")


def _sheet(images):
    """PNG of all images, row by row."""
    images = tf.image.resize(images[..., :3], [_SIDE, _SIDE])
    rows = -(-len(images) // _COLUMNS)
    missing = rows * _COLUMNS - len(images)
    images = tf.pad(images, [[0, missing], [0, 0], [0, 0], [0, 0]])
    shape = [rows, _COLUMNS, _SIDE, _SIDE, images.shape[-1]]
    grid = tf.transpose(tf.reshape(images, shape), [0, 2, 1, 3, 4])
    sheet = tf.reshape(grid, [rows * _SIDE, _COLUMNS * _SIDE, shape[-1]])
    return tf.io.encode_png(
        tf.image.convert_image_dtype(sheet, tf.uint8)
    ).numpy()
