"""Images as people give them: files, folders, arrays, and lists of these."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import TypeAlias

import numpy as np
import tensorflow as tf
from PIL import ImageOps

from simclrv2_tf.data.decode.pillow import to_rgb
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.folder.folder_files import files_below
from simclrv2_tf.data.storage import Files
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.files.errors import first_line

_LOG = logging.getLogger("simclrv2_tf")
NAME = "the images given"
EXPECTED = (
    "Images must be files, a folder, arrays (height, width, channels), or a "
    "list of these"
)
# Paths, and arrays (height, width, channels).
Given: TypeAlias = list[str | np.ndarray]


def listed(images: Any) -> tuple[Given, bool]:
    """A list of the images, and whether a single one was given.

    Args:
      images: See `Classifier.predict`.

    Raises:
      ValueError: If it is nothing of what it may be.
    """
    if isinstance(images, str | os.PathLike):
        path = os.fspath(images)
        if os.path.isdir(path):
            return _images_in(path), False
        return [_file(path)], True
    if _is_list(images):
        given = [_one(image) for image in images]
    else:
        array = _array(images)
        if array.ndim == 3:
            return [_one(array)], True
        given = [_one(image) for image in array]
    if not given:
        raise ValueError("Expected an image at least. Received: none")
    return given, False


def turned(images: Any) -> Any:
    """The same, with images of Pillow's turned as their EXIF tags say.

    Args:
      images: See `Classifier.predict`.
    """
    if isinstance(images, str | os.PathLike):
        return images
    if _is_list(images):
        return [_turned(image) for image in images]
    return _turned(images)


def _turned(image):
    return ImageOps.exif_transpose(image) if _is_pillows(image) else image


def sources(given: Given) -> Iterator[tuple[Source, list[int]]]:
    """Yields sources of images of one kind, and their places in the list."""
    kinds: dict[Any, list[int]] = {}
    for place, image in enumerate(given):
        kinds.setdefault(_kind(image), []).append(place)
    for kind, places in kinds.items():
        together = [given[place] for place in places]
        if kind is str:
            yield _source(Files(np.array(together, object))), places
        else:
            yield _source(InMemory(np.stack(together))), places


def check_channels(given: Given, channels: int) -> None:
    """Raises a ValueError for arrays that a network cannot be shown.

    Args:
      given: See `listed`.
      channels: Of the network; 1 and 3 are made from each other.
    """
    taken = {1, 3} if channels in (1, 3) else {channels}
    for place, image in enumerate(given):
        if isinstance(image, np.ndarray) and image.shape[-1] not in taken:
            raise ValueError(
                "The last axis of an array must be of "
                f"{' or '.join(map(str, sorted(taken)))} channels. Received: "
                f"shape {image.shape}, {name(given, place)}"
                + _transposing(image.shape, taken)
            )


def _transposing(shape, taken):
    """What to do with channels that stand first, else nothing."""
    first = shape[0] in taken
    return "; put the channels last, transpose(1, 2, 0)" if first else ""


def name(given: Given, place: int) -> str:
    """The name of one of the images, for messages."""
    image = given[place]
    return image if isinstance(image, str) else f"example {place} of {NAME}"


def _kind(image):
    return str if isinstance(image, str) else (image.shape, image.dtype)


def _is_list(images):
    """Whether it is a list of images, and not an array or bytes."""
    arrays = tf.is_tensor(images) or _is_array(images)
    bytes_alone = isinstance(images, bytes | bytearray | memoryview)
    return isinstance(images, Iterable) and not (arrays or bytes_alone)


def _is_array(images):
    """Whether it is numpy's, Pillow's, or another library's of many axes.

    Tables have `__array__` too: a column of paths, of one axis, is a list.
    """
    if hasattr(images, "__array_interface__"):
        return True
    axes = getattr(images, "ndim", 0)
    return hasattr(images, "__array__") and isinstance(axes, int) and axes > 1


def _one(image):
    """A path, or an array (height, width, channels)."""
    if isinstance(image, str | os.PathLike):
        return _file(os.fspath(image))
    array = _array(image)
    if array.ndim != 3:
        raise ValueError(_shape_error(array))
    return array


def _array(image):
    """An image as a numeric array."""
    image = _pixels(image)
    _check_no_pair(image)
    kept = _numbers(image)
    if kept is None or kept.dtype.kind not in "buif":
        raise ValueError(f"{EXPECTED}. Received: {type(image).__name__}")
    if kept.ndim not in (3, 4):
        raise ValueError(_shape_error(kept))
    return kept


def _check_no_pair(image):
    """Raises a ValueError for a pair of image and label, as of a data set."""
    parts = image if isinstance(image, tuple | list) else ()
    if any(len(getattr(part, "shape", ())) >= 3 for part in parts):
        raise ValueError(
            f"{EXPECTED}. Received: a {type(image).__name__} of {len(parts)} "
            "with an image in it; of a tf.data.Dataset of images with labels "
            "give the images alone, dataset.map(lambda image, label: image)"
        )


def _numbers(image):
    """An array, None for what is none."""
    if isinstance(image, bytes | bytearray):
        return None
    try:
        return np.asarray(image)
    except ValueError:  # rows of several lengths
        return None
    except (TypeError, RuntimeError) as error:  # on a GPU, or with gradients
        raise ValueError(
            f"{EXPECTED}, and numpy must be able to read an array. Received: "
            f"{type(image).__name__}, {first_line(error)}"
        ) from error


def _is_pillows(image):
    return hasattr(image, "getbands") and hasattr(image, "convert")


def _pixels(image):
    """Of an image of Pillow's, as files of its mode are read."""
    if not _is_pillows(image):
        return image
    grey = image.mode == "L"
    pixels = np.asarray(image)[..., np.newaxis] if grey else to_rgb(image)
    return pixels if pixels.max() > 1 else pixels / np.float32(255)  # no mask


def _shape_error(array):
    return (
        "An image must be an array (height, width, channels), and many of "
        f"them one of four axes. Received: shape {array.shape}"
    )


def _file(path):
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not os.path.isfile(path):
        raise ValueError(f"Expected a file. Received: {path!r}")
    return path


def _images_in(folder):
    """Those that a data set of this folder has; the log names the others."""
    files = files_below(folder)
    for note in files.notes():
        _LOG.warning("%s in %r", note, folder)
    return files.images


def _source(storage):
    labels = np.full(len(storage), UNLABELLED, np.int32)
    return Source(NAME, labels, storage)
