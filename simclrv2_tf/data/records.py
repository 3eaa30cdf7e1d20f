"""Where the images of TFRecord files lie, so that they are read in place.

Each file is gone through once. Only the few bytes around an image are looked
at: the wire format of `tf.train.Example` says how long each part is.
"""

import contextlib
import mmap
import struct

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Places

HEADER = 12  # length of the record and its checksum
FOOTER = 4  # checksum of the record


def index_records(instructions, image, label=None):
    """Finds the images and the labels in TFRecord files.

    Args:
      instructions: Parts of files as TFDS gives them, with `filename`,
        `skip` and `take` (-1 for all).
      image: Name of the feature that holds the encoded image.
      label: Name of the feature that holds the class, or None.

    Returns:
      `Places` of the images, and their labels, int32, -1 for unlabelled.

    Raises:
      ValueError: If a file ends within a record, or lacks a feature.
    """
    files = [str(part.filename) for part in instructions]
    rows = [
        (
            which,
            *_image_and_label(data, start, stop, image, label, files[which]),
        )
        for which, part in enumerate(instructions)
        for data, start, stop in _records(files[which], part.skip, part.take)
    ]
    which, begin, end, labels = np.array(rows, np.int64).reshape(-1, 4).T
    sizes = (end - begin).astype(np.int32)
    places = Places(np.array(files), which.astype(np.int32), begin, sizes)
    return places, labels.astype(np.int32)


def _records(path, skip, take):
    """Yields the file's bytes and where in them each record lies."""
    with _bytes_of(path) as data:
        position, number = 0, 0
        stop = skip + take if take >= 0 else np.inf
        while position < len(data) and number < stop:
            begin = position + HEADER
            if begin <= len(data):
                (length,) = struct.unpack_from("<Q", data, position)
                position = begin + length + FOOTER
            if begin > len(data) or position > len(data):
                raise ValueError(
                    f"The file {path!r} ends within its record {number}: it "
                    "is damaged, or was not copied to its end; prepare the "
                    "data set again."
                )
            if number >= skip:
                yield data, begin, begin + length
            number += 1


@contextlib.contextmanager
def _bytes_of(path):
    """A file's bytes: mapped if it lies on this machine, else read."""
    if "://" in path:
        with tf.io.gfile.GFile(path, "rb") as file:
            yield file.read()
        return
    with (
        open(path, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        yield data


def _image_and_label(data, start, stop, image, label, path):
    """Begin and end of the image, and the label, of one example."""
    found = {}
    for _, begin, end in _fields(data, start, stop):  # Example.features
        for _, first, last in _fields(data, begin, end):  # entries of the map
            entry = {n: (b, e) for n, b, e in _fields(data, first, last)}
            name = data[slice(*entry[1])].decode()
            if name in (image, label):
                found[name] = entry[2]
    missing = {image, label} - {None} - set(found)
    if missing:
        raise ValueError(
            f"The records of {path!r} must have the features {image!r} and "
            f"{label!r}; {missing.pop()!r} is missing."
        )
    begin, end = _only(_values(data, *found[image]))
    number = _number(data, *found[label]) if label else UNLABELLED
    return begin, end, number


def _values(data, start, stop):
    """Places of the values of a `tf.train.Feature`."""
    for _, begin, end in _fields(data, start, stop):  # bytes_list, int64_list
        yield from ((b, e) for _, b, e in _fields(data, begin, end))


def _only(values):
    return next(iter(values))


def _number(data, start, stop):
    """The first int64 of a feature."""
    value, _ = _varint(data, _only(_values(data, start, stop))[0])
    return value - (1 << 64 if value >= 1 << 63 else 0)


def _fields(data, start, stop):
    """Yields number, begin and end of each field of a message."""
    while start < stop:
        key, start = _varint(data, start)
        begin = start
        if key & 7 == 2:  # a length comes first
            length, begin = _varint(data, start)
            start = begin + length
        else:  # varint: the only other kind that these messages have
            _, start = _varint(data, start)
        yield key >> 3, begin, start


def _varint(data, position):
    """Seven bits a byte, the lowest first, as long as the eighth is set."""
    value, shift = 0, 0
    while True:
        byte = data[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position
