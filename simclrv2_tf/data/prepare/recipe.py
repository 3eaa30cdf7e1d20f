"""One shard of prepared images: each decoded, made smaller and encoded once."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.decode.orientation_tag import ORIENTATION
from simclrv2_tf.data.decode.orientation_tag import UPRIGHT
from simclrv2_tf.data.decode.orientation_tag import read_tag
from simclrv2_tf.data.decode.rgb import decoder
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.source import to_channels
from simclrv2_tf.data.sources.joined import Joined
from simclrv2_tf.data.sources.table.parquet_rows import Rows
from simclrv2_tf.data.unreadable import UNREADABLE
from simclrv2_tf.files import atomic
from simclrv2_tf.files.errors import first_line

AHEAD = 2**28  # bytes of prepared images of all processes that wait
FORMATS = ("jpeg", "png")
WHITE = 255


@dataclasses.dataclass(frozen=True)
class ImageEncoding:
    """How images are prepared.

    Attributes:
      short_side: Pixels of the shorter side, made smaller to that and never
        larger; 0 leaves sizes alone.
      quality: Of JPEG, 1 to 100.
      image_format: "jpeg" or "png".

    Raises:
      ValueError: If one of them is outside its range.
    """

    short_side: int = 256
    quality: int = 95
    image_format: str = "jpeg"

    def __post_init__(self):
        rules = {
            "short_side": (self.short_side >= 0, "0 or more pixels"),
            "quality": (1 <= self.quality <= 100, "from 1 to 100"),
            "image_format": (
                self.image_format in FORMATS,
                f"one of {list(FORMATS)}",
            ),
        }
        for name, (holds, words) in rules.items():
            if not holds:
                raise ValueError(
                    f"`{name}` must be {words}. Received: "
                    f"{name}={getattr(self, name)!r}"
                )


def prepare_image(source: Source, index: int, recipe: ImageEncoding) -> bytes:
    """The encoded image that a shard holds.

    A JPEG that is small enough stays as it is, as encoding it again would
    lose some of it. An EXIF orientation tag stays, unless the source applies
    it.

    Args:
      source: A `Source`.
      index: Number of the example.
      recipe: A `ImageEncoding`.

    Returns:
      bytes.

    Raises:
      ValueError, OSError, tf.errors.OpError: If it cannot be read.
    """
    data: bytes | None = None
    tag = UPRIGHT
    if source.storage.encoded:
        data = bytes(source.storage.read(index))
        tag = read_tag(io.BytesIO(data))
        pixels = decoder(source.apply_orientation)(tf.constant(data))
    else:
        pixels = tf.constant(source.storage.read(index))
    height, width = (int(side) for side in pixels.shape[:2])
    small = not 0 < recipe.short_side < min(height, width)
    turned = source.apply_orientation and tag != UPRIGHT
    jpeg = recipe.image_format == "jpeg" and data and _is_jpeg(data)
    kept = jpeg and not turned
    if data and small and kept and source.channels in (None, 3):
        return data
    floats = tf.image.convert_image_dtype(pixels, tf.float32)
    floats = to_channels(floats, source.channels)
    pixels = np.rint(floats.numpy() * WHITE).astype(np.uint8)
    scale = 1.0 if small else recipe.short_side / min(height, width)
    tag = UPRIGHT if source.apply_orientation else tag
    return _encode(pixels, scale, recipe, tag)


def _is_jpeg(data):
    return data[:3] == b"\xff\xd8\xff"


def _encode(pixels, scale, recipe, tag):
    from PIL import Image

    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if scale != 1.0:
        size = [max(1, round(side * scale)) for side in image.size]
        image = image.resize(size, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    options = (
        {"quality": recipe.quality} if recipe.image_format == "jpeg" else {}
    )
    if tag != UPRIGHT:
        exif = Image.Exif()
        exif[ORIENTATION] = tag
        options["exif"] = exif
    image.save(file, recipe.image_format.upper(), **options)
    return file.getvalue()


def write_shard(
    source: Source, path: str, recipe: ImageEncoding, processes: int = 1
) -> dict:
    """Prepares all examples of a source as one TFRecord file.

    Images are read in the order in which they are stored, where a group of
    rows is read for each; the file holds them in the source's order.

    Args:
      source: A `Source` of the examples of this shard, in their order.
      path: Of the file; it appears there when it is whole.
      recipe: A `ImageEncoding`.
      processes: How many write shards, which share the memory.

    Returns:
      Dictionary: "examples" and "bytes" that were written, and "corrupt", a
      list of (where, reason) of the images that were left out.
    """
    count, size, corrupt = 0, 0, []
    # The same name at every try: what a killed process left is written over.
    staged = f"{path}.tmp"
    with (
        atomic.beside(path, staged),
        tf.io.TFRecordWriter(staged) as writer,
    ):
        for index, image in _prepared(source, recipe, processes):
            if isinstance(image, str):
                corrupt.append((source.where(index), image))
                continue
            label = int(source.labels[index]) if source.class_names else None
            record = example(image, label)
            writer.write(record)
            count, size = count + 1, size + len(record)
    return {"examples": count, "bytes": size, "corrupt": corrupt}


def _prepared(source, recipe, processes):
    """Yields (index, prepared image, or why it cannot be read), in order."""
    ready = {}
    if _reads_groups(source.storage):
        ready = _read_ahead(source, recipe, AHEAD // processes)
    for index in range(source.num_examples):
        if index in ready:
            yield index, ready.pop(index)
        else:
            yield index, _prepared_or_reason(source, index, recipe)


def _reads_groups(storage):
    """Whether a group of rows is read for an image, or for some of them."""
    if isinstance(storage, Joined):
        return any(_reads_groups(part.storage) for part in storage.sources)
    return isinstance(storage, Rows)


def _read_ahead(source, recipe, limit):
    """{index: prepared image}, `limit` bytes of them, as they are stored.

    Those that are left over are read in their turn: images in their full size
    may be more than memory holds.
    """
    ready, size = {}, 0
    order = range(source.num_examples)
    if source.numbers is not None:
        order = np.argsort(source.numbers, kind="stable").tolist()
    for index in order:
        if size >= limit:
            break
        ready[index] = _prepared_or_reason(source, index, recipe)
        size += len(ready[index])
    return ready


def _prepared_or_reason(source, index, recipe):
    """bytes of an image, or text that says why it cannot be read."""
    try:
        return prepare_image(source, index, recipe)
    except UNREADABLE as error:
        return first_line(error)


def example(image: bytes, label: int | None) -> bytes:
    """A serialized `tf.train.Example`, the same bytes always."""
    values: dict[str, Any] = {"image": {"bytes_list": {"value": [image]}}}
    if label is not None:
        values["label"] = {"int64_list": {"value": [label]}}
    features = {k: tf.train.Feature(**v) for k, v in values.items()}
    message = tf.train.Example(features=tf.train.Features(feature=features))
    return message.SerializeToString(deterministic=True)
