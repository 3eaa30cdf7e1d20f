"""TFDS data sets: small splits in memory, large ones read in place."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import os
import re

import numpy as np
import tensorflow as tf

from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.data.class_gaps import gap_notes
from simclrv2_tf.data.classes import in_order
from simclrv2_tf.data.classes import number_classes
from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources.opening import SourceOptions
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.record.records import DamagedFileError
from simclrv2_tf.data.sources.record.records import index_records
from simclrv2_tf.data.sources.tfds_features import classes_of
from simclrv2_tf.data.sources.tfds_features import image_and_label
from simclrv2_tf.data.sources.tfds_features import shape_of
from simclrv2_tf.data.sources.tfds_features import usual_label
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.splits import no_split
from simclrv2_tf.data.splits import parse_split
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.machine.free_memory import free_memory

MEMORY_LIMIT = 2**29  # bytes of encoded images that are read into memory


def open_tfds(
    name: str, split: str = "train", options: SourceOptions | None = None
) -> Source:
    """A TFDS data set, its images kept encoded.

    Up to `MEMORY_LIMIT` they are in memory. Of a larger split only the byte
    range of each image is in memory, 20 bytes an image, and images are read
    when they are needed.

    Args:
      name: Of the data set, or a directory that holds one.
      split: Name of the split; slices and sums are TFDS's.
      options: `SourceOptions`.

    Returns:
      A `Source`.

    Raises:
      ValueError: If there is no such data set or split, or its files are
        damaged.
    """
    import tensorflow_datasets as tfds

    options = options or SourceOptions()
    builder = _prepared(tfds, name, options)
    _check_split(builder, name, split)
    features = builder.info.features
    image, label = image_and_label(features, name, options)
    classes = classes_of(features, label)
    content = _examples(tfds, builder, split, image, label, classes)
    if content.missing_label is not None:
        content.missing_label.check(options.label_optional)
    source = Source(
        name=f"{name} ({split})",
        labels=np.full(len(content.labels), UNLABELLED, np.int32),
        storage=content.storage,
        shape=shape_of(features[image]),
        notes=content.notes,
    )
    notes: tuple[str, ...] = ()
    mapped = options.label_map is not None
    if classes is None and not mapped:
        classes = _own_classes(
            content.labels,
            lambda: _labels_of_training(tfds, builder, split, image, label),
        )
        notes = gap_notes(classes)
    labels, names = number_classes(
        content.labels, classes, source.name, source.where, mapped
    )
    return dataclasses.replace(
        source, labels=labels, class_names=names, notes=(*source.notes, *notes)
    )


def _own_classes(labels, of_training):
    """The classes of these labels; those of training where some lack here."""
    classes = in_order(set(labels) - {""})
    if gap_notes(classes):
        classes = in_order(set(of_training() or ()) - {""}) or classes
    return classes or None


def _labels_of_training(tfds, builder, split, image, label):
    """Labels of the training split; None if `split` is all of it, or a sum."""
    known = (name for name in TRAIN if name in builder.info.splits)
    train = next(known, None)
    if train is None or "+" in split or split == train:
        return None
    return _content(tfds, builder, train, image, label, None).labels


def tfds_splits(name: str, options: SourceOptions) -> list[str]:
    """Names of the splits of a TFDS data set."""
    import tensorflow_datasets as tfds

    return list(_prepared(tfds, name, options).info.splits)


def class_names(
    name: str, data_dir: str | None = None
) -> tuple[str, ...] | None:
    """Names of the classes of a data set, which need not be there.

    Returns:
      Tuple of str, or None if there is no such data set or label.
    """
    import tensorflow_datasets as tfds

    try:
        features = _builder(tfds, name, data_dir).info.features
    except ValueError:
        return None
    return classes_of(features, usual_label(features))


def _examples(tfds, builder, split, image, label, classes) -> SplitContent:
    content = _content(tfds, builder, split, image, label, classes)
    size = _bytes(builder, builder.info.splits[split])
    with _undamaged(builder.data_dir):
        return content if size > MEMORY_LIMIT else _in_memory(content)


def _content(tfds, builder, split, image, label, classes) -> SplitContent:
    """A split; records of TensorFlow's own format are in their files."""
    info = builder.info.splits[split]
    if builder.info.file_format.value == "tfrecord":
        with _undamaged(builder.data_dir):
            parts = info.file_instructions
        with _undamaged(builder.data_dir, or_unusable=True):
            return index_records(parts, image, label, classes)
    _check_memory(builder, _bytes(builder, info))
    return _read_by_tfds(tfds, builder, split, image, label, classes)


def _in_memory(content):
    storage = content.storage
    if isinstance(storage, ByteRanges):  # of whatever can be read
        storage = storage.in_memory()
    return content._replace(storage=storage)


def _check_memory(builder, size):
    """Only records of TensorFlow's own format are read in place."""
    free = free_memory()
    if size > free:
        raise ValueError(
            f"The data set in {builder.data_dir} takes {gigabytes(size)}, of "
            f"which {gigabytes(free)} are free, and its format, "
            f"{builder.info.file_format.value}, is read whole: prepare it with "
            'file_format="tfrecord", which is read in place.'
        )


def _read_by_tfds(tfds, builder, split, image, label, classes):
    with _undamaged(builder.data_dir):
        encoded, values = _read(tfds, builder, split, image, label)
    labels = label_names(
        values,
        lambda index: f"example {index} of {split!r} in {builder.data_dir}",
        classes,
    )
    return SplitContent(Encoded(encoded), labels)


@contextlib.contextmanager
def _undamaged(directory, or_unusable=False):
    """Makes one sentence of what TFDS and its parsers say of damaged files.

    Args:
      directory: That holds them.
      or_unusable: Whether a ValueError may tell of images and labels in files
        that are whole; it is left as it is unless it is a `DamagedFileError`.
    """
    try:
        yield
    except ImportError as error:
        raise ValueError(
            f"The data set in {directory} is of a format whose package is not "
            f"installed: {first_line(error).rstrip('.')}; install it, or "
            'prepare the data set with file_format="tfrecord".'
        ) from None
    except Exception as error:
        damaged = isinstance(error, DamagedFileError)
        if or_unusable and isinstance(error, ValueError) and not damaged:
            raise
        raise ValueError(
            f"The data set in {directory} is damaged, or was not copied to "
            f"its end: {first_line(error).rstrip('.;')}; prepare it again."
        ) from None


def _bytes(builder, info):
    """Size of a split; a slice has its share of the files it is in."""
    splits = builder.info.splits.values()
    examples = sum(split.num_examples for split in splits)
    size = sum(split.num_bytes for split in splits)
    return size * info.num_examples / max(examples, 1)


def _builder(tfds, name, data_dir):
    if tf.io.gfile.isdir(os.path.expanduser(name)):
        directory = _version_below(name)
        with _undamaged(directory):
            return tfds.builder_from_directory(directory)
    try:
        return tfds.builder(name, data_dir=data_dir)
    except tfds.core.registered.DatasetNotFoundError:
        known = tfds.list_builders()
        near = difflib.get_close_matches(name, [*known, "digits"], n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(
            "`dataset` must be digits, a kind and a path such as folder:PATH, "
            "or the name or directory of a TFDS data set. Received: "
            f"dataset={name!r}{hint}"
        ) from None
    except ValueError as error:  # an unknown config of a known data set
        raise ValueError(
            f"`dataset` {name!r} cannot be opened: {first_line(error)}"
        ) from None


def _version_below(name):
    """The directory itself, or that of its newest version."""
    directory = os.path.expanduser(name).rstrip("/")
    versions = [
        entry.rstrip("/")
        for entry in tf.io.gfile.listdir(directory)
        if re.fullmatch(r"\d+\.\d+\.\d+/?", entry)
    ]
    newest = max(versions, key=lambda v: [*map(int, v.split("."))], default="")
    for candidate in (os.path.join(directory, newest), directory):
        if tf.io.gfile.exists(os.path.join(candidate, "dataset_info.json")):
            return candidate
    raise ValueError(
        "A directory given as `dataset` must hold a prepared TFDS data set, "
        "with dataset_info.json. Received: "
        f"dataset={name!r}; for a folder of images give folder:{name}"
    )


def _prepared(tfds, name, options):
    """The builder of a data set that is there, or is downloaded."""
    builder = _builder(tfds, name, options.data_dir)
    if options.download:
        builder.download_and_prepare()
    if not builder.is_prepared():
        raise ValueError(
            f"The data set {name!r} is not in {builder.data_dir}: point "
            "--data_dir at the directory that holds it, or let TFDS fetch it "
            "with --download."
        )
    return builder


def _check_split(builder, name, split):
    wanted, _ = parse_split(split)
    if wanted not in builder.info.splits and wanted != "all":
        known = list(builder.info.splits)
        raise NoSplitError(no_split(name, split, known), known)


def _read(tfds, builder, split, image, label):
    """All encoded images and labels of a split, in the order of its files."""
    encoded, values = [], []
    for example in _rows(tfds, builder, split, image):
        encoded.append(example[image])
        values.append(example[label] if label else None)
    return np.array(encoded, object), values


def _rows(tfds, builder, split, image):
    """Yields the examples of a split as TFDS reads its format."""
    arguments = {
        "split": split,
        "decoders": {image: tfds.decode.SkipDecoding()},
    }
    if builder.info.file_format.value == "array_record":
        return builder.as_data_source(**arguments)
    config = tfds.ReadConfig(
        try_autocache=False,
        interleave_cycle_length=1,  # one file after the other
    )
    dataset = builder.as_dataset(
        **arguments, shuffle_files=False, read_config=config
    )
    return dataset.as_numpy_iterator()
