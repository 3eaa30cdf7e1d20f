"""Files of NumPy arrays: `npz:FILE`."""

from __future__ import annotations

import re

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.array.npy import array_shapes
from simclrv2_tf.data.sources.array.npy import read_array
from simclrv2_tf.data.sources.columns import CLASS_NAMES
from simclrv2_tf.data.sources.columns import IMAGES
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.split_files import files_by_split
from simclrv2_tf.data.splits import KNOWN
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage import Mapped
from simclrv2_tf.data.storage.channels_last import check_channels_last
from simclrv2_tf.data.storage.in_memory import to_pixels

TWELVE_BITS = 2**12 - 1  # the most that cameras of twelve bits tell


def find_npz(where: str, split: str | None, options: SourceOptions) -> Readers:
    """Arrays of images, all of one size, and perhaps labels.

    Arrays have usual names: "images" and "labels", "x_train" and "y_train",
    "train_images" and "train_labels", "arr_0" and "arr_1"; "class_names"
    names the classes. Images are (examples, height, width) or (examples,
    height, width, channels), uint8, uint16 or float in [0, 1]. A large array
    that is not compressed stays in its file and is read as it is needed.
    Labels are those of the split that the images' name has.

    Args:
      where: The file, or a pattern of one for each split; see
        `files_by_split`.
      split: Name of the split, perhaps with a slice; None for all.
      options: `SourceOptions`, whose features are names of arrays.

    Returns:
      Dictionary from splits to functions that give a `SplitContent`.

    Raises:
      ValueError: If the file is damaged, holds Python objects, lacks an
        array of images, or has labels that go with no images.
    """
    readers = {}
    for name, files in files_by_split(where, split, (".npz",)).items():
        if len(files) > 1:
            raise ValueError(
                "npz:FILE must name one file for each split; join several as "
                f"concat:npz:A,npz:B. Received: {listed(files)}"
            )
        for inner, keys in _splits(files[0], options).items():
            readers[inner or name] = _reader(files[0], *keys)
    return readers


def _splits(path, options):
    """Dictionary from splits, None for no name, to what `_reader` takes."""
    shapes = array_shapes(path)
    _check_arrays(path, shapes, options)
    names = first_known(CLASS_NAMES["npz"], shapes)
    images = _named(shapes, IMAGES["npz"])
    labels = _named(shapes, LABELS["npz"])
    if options.image_feature:
        return {None: _of_named(options, images, labels, names)}
    if not images:
        raise ValueError(_no_images(path, shapes))
    label, of_others = options.label_feature, _without_images(labels, images)
    return {
        split: (key, label or labels.get(split), names, of_others)
        for split, key in images.items()
    }


def _check_arrays(path, shapes, options):
    for key in (options.image_feature, options.label_feature):
        if key and key not in shapes:
            raise ValueError(
                f"The file {path!r} must have the array {key!r}. Received: "
                f"{listed(list(shapes))}"
            )


def _of_named(options, images, labels, names):
    """The same for the images that --image_feature names."""
    key = options.image_feature
    split = _split(key)
    label = options.label_feature or labels.get(split, labels.get(None))
    return key, label, names, _without_images(labels, {*images, split})


def _without_images(labels, splits):
    """Arrays of labels whose split, by their names, has no images."""
    return [key for split, key in labels.items() if split not in splits]


def _named(shapes, usual):
    """Dictionary from splits, None for no name, to arrays of usual names."""
    by_split = {}
    for name in reversed(usual):  # the likeliest last, which stays
        for key in shapes:
            splits, rest = _apart(key)
            if rest == name and len(splits) <= 1:
                by_split[_split(key)] = key
    return by_split


def _split(key):
    """The only split that an array's name has, None for none."""
    splits, _ = _apart(key)
    return splits[0] if len(splits) == 1 else None


def _apart(key):
    """The splits in an array's name, and the rest of it."""
    words = re.split(r"[_\-. ]+", key.lower())
    rest = "_".join(word for word in words if word not in KNOWN)
    return [word for word in words if word in KNOWN], rest


def _no_images(path, shapes):
    sizes = {shape for shape in shapes.values() if len(shape) in (2, 3)}
    if len(sizes) > 1:
        return (
            f"The images of {path!r} must be one array and so have one size. "
            f"Received: {len(shapes)} arrays of the shapes "
            f"{listed(sorted(sizes))}: resize them, or put them in a folder "
            "and give folder:PATH"
        )
    return (
        f"The file {path!r} must have an array called images, x_train, "
        "train_images or the like, or --image_feature must name it. Received: "
        f"{listed(list(shapes))}"
    )


def _reader(path, images, labels, names, of_others=()):
    """A function that reads the arrays of one split."""

    def read():
        if labels is None and of_others:
            raise ValueError(_unpaired(path, images, of_others))
        pixels = _images(read_array(path, images, mapped=True), path, images)
        if labels is None:
            return SplitContent(pixels, [""] * len(pixels))
        values = read_array(path, labels)
        if values.size == len(pixels):  # (examples, 1) is Keras's form
            values = values.reshape(-1)
        if len(np.atleast_1d(values)) != len(pixels):
            raise ValueError(
                f"The file {path!r} must have one label for each image. "
                f"Received: {images!r} with {len(pixels)} images, {labels!r} "
                f"of the shape {values.shape}"
            )
        return SplitContent(pixels, _labels(values, labels, names, path))

    return read


def _unpaired(path, images, labels):
    return (
        f"The labels of the array {images!r} of {path!r} must be called as it "
        "is, such as images and labels, x_train and y_train. Received: "
        f"{listed(labels)}; rename them, or name them with "
        f"--label_feature={labels[0]}"
    )


def _labels(values, key, names, path):
    """Names of the classes; an array of names numbers them from 0."""
    classes = None
    if names is not None:
        classes = read_array(path, names)
        if classes.dtype.kind not in "US":
            classes = None
    return label_names(
        values,
        lambda index: f"row {index} of the array {key!r} of {path!r}",
        None if classes is None else classes.astype(str).tolist(),
    )


def _images(array, path, key):
    """A storage of images, (examples, height, width, channels)."""
    where = f"The array {key!r} of {path!r}"
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or 0 in array.shape[1:]:
        raise ValueError(
            f"{where} must be (examples, height, width) or (examples, height, "
            f"width, channels). Received: the shape {array.shape}"
        )
    check_channels_last(array.shape, where)
    if array.dtype == np.uint16:
        _check_sixteen_bits(array, where)
        return InMemory((array / np.float32(2**16 - 1)).astype(np.float32))
    if array.dtype.kind not in "uif" or not len(array):
        raise ValueError(
            f"{where} must hold images as uint8, uint16 or floats in [0, 1]. "
            f"Received: {array.dtype} of the shape {array.shape}"
        )
    try:
        pixels = to_pixels(array)
    except ValueError as error:
        raise ValueError(f"{where} cannot be used. {error}") from None
    kind = Mapped if isinstance(pixels, np.memmap) else InMemory
    return kind(pixels)


def _check_sixteen_bits(array, where):
    """White is 65,535: values of 8 or 12 bits are all but black."""
    most = int(array.max()) if array.size else 0
    if not 0 < most <= TWELVE_BITS:
        return
    bits, factor = (8, 257) if most < 2**8 else (12, 16)
    raise ValueError(
        f"{where} must have 65,535 for white, as it is uint16. Received: no "
        f"value above {most:,}; multiply {bits} bits by {factor}, or give uint8"
    )
