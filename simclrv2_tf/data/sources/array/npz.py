"""Files of NumPy arrays: `npz:FILE`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.array.array_names import named_labels
from simclrv2_tf.data.sources.array.array_names import split_of
from simclrv2_tf.data.sources.array.array_names import usual_arrays
from simclrv2_tf.data.sources.array.image_array import image_storage
from simclrv2_tf.data.sources.array.npy import OF_IMAGES
from simclrv2_tf.data.sources.array.npy import array_shapes
from simclrv2_tf.data.sources.array.npy import read_array
from simclrv2_tf.data.sources.columns import CLASS_NAMES
from simclrv2_tf.data.sources.columns import IMAGES
from simclrv2_tf.data.sources.columns import LABELS
from simclrv2_tf.data.sources.columns import first_known
from simclrv2_tf.data.sources.missing_label import MissingLabel
from simclrv2_tf.data.sources.opening import Readers
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.opening import failing
from simclrv2_tf.data.sources.split_files import files_by_split


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
      ValueError: If the file is damaged, lacks an array of images, or has
        labels that go with no images. Of several files, it is raised when
        that split is opened.
    """
    readers: dict[str, Callable[[], SplitContent]] = {}
    by_split = files_by_split(where, split, (".npz",))
    for name, files in by_split.items():
        if len(files) > 1:
            raise ValueError(
                "npz:FILE must name one file for each split; join several as "
                f"concat:npz:A,npz:B. Received: {listed(files)}"
            )
        try:
            inner = _readers(files[0], options)
        except ValueError as error:
            if len(by_split) == 1:
                raise
            inner = {None: failing(error)}
        readers |= {own or name: read for own, read in inner.items()}
    return readers


def _readers(path, options):
    """Dictionary from splits, None for no name, to functions."""
    shapes = array_shapes(path)
    key = options.image_feature
    if key and key not in shapes:
        raise ValueError(_no_array(path, shapes, key))
    arrays, label = _splits(path, shapes, options), options.label_feature
    if label and label not in shapes:
        missing_label = MissingLabel(
            _no_array(path, shapes, label),
            f"the array {label!r}",
            "1 of 1 files",
            repr(path),
        )
        return {
            split: _reader(path, images, None, None, (), missing_label)
            for split, (images, *_) in arrays.items()
        }
    return {split: _reader(path, *keys) for split, keys in arrays.items()}


def _splits(path, shapes, options):
    """Dictionary from splits, None for no name, to what `_reader` takes."""
    names = first_known(CLASS_NAMES["npz"], shapes)
    images = usual_arrays(shapes, IMAGES["npz"])
    labels = usual_arrays(shapes, LABELS["npz"])
    if options.image_feature:
        return {None: _of_named(options, images, labels, names)}
    if not images:
        raise ValueError(_no_images(path, shapes))
    label, others = options.label_feature, _without_images(labels, images)
    missing_label = None
    if label in shapes:
        labels |= named_labels(path, label, images, shapes)
        others, missing_label = [], _missing_label(path, label)
    return {
        split: (key, labels.get(split), names, others, missing_label)
        for split, key in images.items()
    }


def _missing_label(path, label):
    """Of images whose labels are not called as the others' are."""
    return MissingLabel(
        f"The images to train on must have labels in {path!r}. Received: "
        f"label_feature={label!r}, which are those of another split; name "
        "those of training",
        f"an array of labels such as {label!r}",
        "1 of the splits",
        repr(path),
    )


def _no_array(path, shapes, key):
    return (
        f"The file {path!r} must have the array {key!r}. Received: "
        f"{listed(list(shapes))}"
    )


def _of_named(options, images, labels, names):
    """The same for the images that --image_feature names."""
    key = options.image_feature
    split = split_of(key)
    label = options.label_feature or labels.get(split, labels.get(None))
    return key, label, names, _without_images(labels, {*images, split})


def _without_images(labels, splits):
    """Arrays of labels whose split, by their names, has no images."""
    return [key for split, key in labels.items() if split not in splits]


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


def _reader(path, images, labels, names, of_others=(), missing_label=None):
    """A function that reads the arrays of one split."""

    def read():
        if labels is None and of_others:
            raise ValueError(_unpaired(path, images, of_others))
        array = read_array(path, images, mapped=True, objects=OF_IMAGES)
        pixels = image_storage(array, f"The array {images!r} of {path!r}")
        if labels is None:
            none = [""] * len(pixels)
            return SplitContent(pixels, none, missing_label=missing_label)
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
