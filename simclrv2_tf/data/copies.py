"""Images that are in two data sets, byte for byte."""

from __future__ import annotations

import concurrent.futures
import hashlib
import time
from collections.abc import Iterator
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UNREADABLE

_THREADS = 8  # reading runs outside of Python's lock
_AT_ONCE = 64  # images between looks at the clock


class SharedImages(NamedTuple):
    """What two data sets share.

    Attributes:
      pairs: {number in the second: number in the first} of equal images.
      looked_at: Examples of both that were read before time was over.
    """

    pairs: dict[int, int]
    looked_at: int


def digest(image: bytes | np.ndarray) -> bytes:
    """16 bytes that stand for an image's bytes or pixels."""
    data = image if isinstance(image, bytes) else image.tobytes()
    return hashlib.blake2b(data, digest_size=16).digest()


def find_copies(
    first: Source,
    second: Source,
    seconds: float,
    order: Sequence[int] | np.ndarray | None = None,
) -> SharedImages:
    """Finds images of the second that are in the first, byte for byte.

    What cannot be read is passed over.

    Args:
      first: A `Source`.
      second: Another, which is read before it.
      seconds: After which no more is read.
      order: Numbers of the first's examples in the order to read them; None
        for that of the data set. An image has the first of its copies.
    """
    end = time.monotonic() + seconds
    known: dict[bytes, list[int]] = {}
    looked_at, pairs = 0, {}
    for number, content in _digests(second, range(second.num_examples), end):
        looked_at += 1
        known.setdefault(content, []).append(number)
    numbers = range(first.num_examples) if order is None else order
    for number, content in _digests(first, numbers, end):
        looked_at += 1
        for copy in known.pop(content, ()) if content else ():
            pairs[copy] = number
    return SharedImages(dict(sorted(pairs.items())), looked_at)


def _digests(
    source: Source, numbers: Sequence[int] | np.ndarray, end: float
) -> Iterator[tuple[int, bytes]]:
    """Pairs of a number and its digest, b"" for what cannot be read."""
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(numbers), _AT_ONCE):
            some = [int(i) for i in numbers[start : start + _AT_ONCE]]
            if time.monotonic() > end:
                return
            yield from zip(
                some,
                pool.map(lambda i: _digest_or_empty(source, i), some),
                strict=True,
            )


def _digest_or_empty(source, number):
    try:
        return digest(source.storage.read(number))
    except UNREADABLE:
        return b""
