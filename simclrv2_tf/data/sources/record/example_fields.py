"""The features of a `tf.train.Example`, by its wire format.

It gives the first and last byte of an image, which is read in place.
"""

from __future__ import annotations

import mmap
import struct
from typing import Any
from typing import TypeAlias

Bytes: TypeAlias = bytes | mmap.mmap
BYTES, FLOATS, INTS = 1, 2, 3  # kinds of a `tf.train.Feature`


def features_of(
    data: Bytes, start: int, stop: int
) -> dict[str, tuple[int, int]]:
    """Dictionary from features of an example to their first and last byte."""
    features = {}
    for _, begin, end in _fields(data, start, stop):  # Example.features
        for _, first, last in _fields(data, begin, end):  # entries of the map
            entry = {n: (b, e) for n, b, e in _fields(data, first, last)}
            features[data[slice(*entry[1])].decode()] = entry.get(2, (0, 0))
    return features


def first_value(data: Bytes, start: int, stop: int) -> tuple[int, int, int]:
    """Kind, begin and end of a feature's first value; kind 0 if none."""
    for kind, begin, end in _fields(data, start, stop):
        for _, first, last in _fields(data, begin, end):
            return kind, first, last
    return 0, 0, 0


def value_of(data: Bytes, feature: tuple[int, int]) -> Any:
    """The value of a feature, None if there is none, a list if several."""
    values = [
        value
        for kind, begin, end in _fields(data, *feature)
        for _, first, last in _fields(data, begin, end)
        for value in _VALUES[kind](data, first, last)
    ]
    return values[0] if len(values) == 1 else values or None


def _texts(data, start, stop):
    yield data[start:stop]


def _floats(data, start, stop):
    yield from struct.unpack(f"<{(stop - start) // 4}f", data[start:stop])


def _integers(data, start, stop):
    while start < stop:
        value, start = _varint(data, start)
        yield value - (1 << 64 if value >= 1 << 63 else 0)


# How values of each kind are read; those of numbers lie side by side.
_VALUES = {BYTES: _texts, FLOATS: _floats, INTS: _integers}


def _fields(data, start, stop):
    """Yields number, begin and end of each field of a message."""
    while start < stop:
        key, start = _varint(data, start)
        begin = start
        if key & 7 == 2:  # a length comes first
            length, begin = _varint(data, start)
            start = begin + length
        elif key & 7 == 0:
            _, start = _varint(data, start)
        else:  # these messages have no other kind
            raise IndexError
        if start > stop:
            raise IndexError
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
        if shift > 63:
            raise IndexError
