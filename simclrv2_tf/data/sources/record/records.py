"""Finds the byte ranges of images in TFRecord files, to read them in place.

Each file is gone through once, and each record compared with its checksum.
"""

from __future__ import annotations

import contextlib
import mmap
import struct
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple
from typing import Protocol

import numpy as np

from simclrv2_tf.data.label_names import label_names
from simclrv2_tf.data.sources.opening import SplitContent
from simclrv2_tf.data.sources.record.example_fields import BYTES
from simclrv2_tf.data.sources.record.example_fields import features_of
from simclrv2_tf.data.sources.record.example_fields import first_value
from simclrv2_tf.data.sources.record.example_fields import value_of
from simclrv2_tf.data.sources.record.label_feature import LabelFeature
from simclrv2_tf.data.sources.record.label_feature import missing
from simclrv2_tf.data.sources.record.record_checksums import damaged_records
from simclrv2_tf.data.storage import ByteRanges
from simclrv2_tf.data.storage.byte_ranges import DAMAGED
from simclrv2_tf.files.paths import is_remote
from simclrv2_tf.files.remote import open_binary

HEADER = 12  # length of the record and its checksum
FOOTER = 4  # checksum of the record


class DamagedFileError(ValueError):
    """A file cannot be read, or holds something else than records."""


class FilePart(Protocol):
    """A part of a file as TFDS gives it; `take` is -1 for all."""

    filename: str
    skip: int
    take: int


class _Row(NamedTuple):
    """An image: where it is, its label, and its record's number."""

    which: int
    begin: int
    size: int
    value: Any
    number: int


def index_records(
    instructions: Iterable[FilePart],
    image: str,
    label: str | None = None,
    classes: Sequence[str] | None = None,
    usual: Sequence[str] = (),
) -> SplitContent:
    """Finds the images and the labels in TFRecord files.

    A record that does not match its checksum is an image that cannot be read,
    without a label. One without the feature of labels is unlabelled; a
    warning says how many there are where others have it.

    Args:
      instructions: Parts of files.
      image: Name of the feature that holds the encoded image.
      label: Name of the feature that holds the class, or None.
      classes: Names of the classes' numbers, where they are known.
      usual: Names of which the first that a record has is `label`, if that is
        None.

    Returns:
      A `SplitContent`: `ByteRanges` of the images, the names of their classes,
      see `label_names`, a note about damaged records, and whether all lack the
      `label` named.

    Raises:
      DamagedFileError: If a file cannot be read, ends within a record, or
        holds something else.
      ValueError: If a record lacks the image, or a label is none.
    """
    instructions = list(instructions)
    files = [str(part.filename) for part in instructions]
    feature = LabelFeature(label, usual)
    rows = [
        row
        for which, part in enumerate(instructions)
        for row in _rows(which, part, image, feature)
    ]
    missing_label = feature.missing_label(image)

    def place(index):
        return _place(files[rows[index].which], rows[index].number)

    labels = label_names([row.value for row in rows], place, classes)
    storage = ByteRanges.of_rows(files, [row[:3] for row in rows])
    damaged = [index for index, row in enumerate(rows) if row.size == DAMAGED]
    return SplitContent(storage, labels, _notes(damaged, place), missing_label)


def _rows(which, part, image, label):
    path = str(part.filename)
    with _bytes_of(path) as data:
        records = list(_records(path, data, part.skip, part.take))
        damaged = set(damaged_records(path, part.skip, len(records)))
        for index, (number, begin, end) in enumerate(records):
            if index in damaged:
                yield _Row(which, begin, DAMAGED, None, number)
                continue
            place = _place(path, number)
            begin, end, value = _guarded(
                place, _image_and_label, data, begin, end, image, label, place
            )
            yield _Row(which, begin, end - begin, value, number)


def _place(path, number):
    return f"record {number} of the file {path!r}"


def _notes(damaged, place):
    if not damaged:
        return ()
    count = len(damaged)
    words = "records do" if count > 1 else "record does"
    return (
        f"unreadable: {count:,} {words} not match the checksum, the first is "
        f"{place(damaged[0])}",
    )


def first_features(path: str) -> dict[str, int]:
    """Names and kinds of the features in the first whole record of a file."""
    with _bytes_of(path) as data:
        for number, begin, end in _records(path, data, 0, -1):
            if not damaged_records(path, number, 1):
                return _guarded(_place(path, number), _kinds, data, begin, end)
    return {}


def _kinds(data, start, stop):
    features = features_of(data, start, stop).items()
    return {name: first_value(data, *span)[0] for name, span in features}


def _records(path, data, skip, take):
    """Yields number, first byte and last byte of each record."""
    if data[:2] == b"\x1f\x8b":
        raise DamagedFileError(
            f"The file {path!r} is compressed: gunzip it, as records can "
            "only be found in place in an uncompressed file."
        )
    position, number = 0, 0
    stop = skip + take if take >= 0 else np.inf
    while position < len(data) and number < stop:
        begin = position + HEADER
        if begin <= len(data):
            (length,) = struct.unpack_from("<Q", data, position)
            position = begin + length + FOOTER
        if begin > len(data) or position > len(data):
            raise DamagedFileError(
                f"The file {path!r} ends within its record {number}: it "
                "is damaged, or was not copied to its end; copy it, or "
                "prepare the data set, again."
            )
        if number >= skip:
            yield number, begin, begin + length
        number += 1


@contextlib.contextmanager
def _bytes_of(path):
    """A file's bytes: mapped if it lies on this machine, else read."""
    try:
        with (
            open_binary(path) as file,
            _content_of(file, is_remote(path)) as data,
        ):
            yield data
    except OSError as error:
        raise DamagedFileError(
            f"The file {path!r} cannot be read: {error}"
        ) from None


def _content_of(file, remote):
    """A context with the bytes of an open file."""
    if remote:
        return contextlib.nullcontext(file.read())
    if not file.seek(0, 2):  # an empty file cannot be mapped
        return contextlib.nullcontext(b"")
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _guarded(where, look, *arguments):
    """The result of `look`; an error where the bytes are no example."""
    try:
        return look(*arguments)
    except (IndexError, UnicodeDecodeError, KeyError, struct.error):
        raise DamagedFileError(
            f"The {where} is no `tf.train.Example`: the file is damaged, or "
            "holds something else."
        ) from None


def _image_and_label(data, start, stop, image, label, where):
    features = features_of(data, start, stop)
    if image not in features:
        raise missing(where, image, label.name, features)
    kind, begin, end = first_value(data, *features[image])
    if kind != BYTES:
        raise ValueError(
            f"The feature {image!r} must hold an encoded image. Received: "
            f"{'numbers' if kind else 'nothing'} in {where}"
        )
    span = label.of(features, where)
    return begin, end, None if span is None else value_of(data, span)
