"""Images that cannot be read: counted, logged once, and limited."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterable
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.decode.magic import unreadable_words
from simclrv2_tf.data.decode.rgb import decode_image
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.errors import first_line
from simclrv2_tf.machine.cores import cores

UNREADABLE = (ValueError, OSError, tf.errors.OpError)  # of corrupt images
LOST = "no image can be read that is labelled %s"
_LOG = logging.getLogger("simclrv2_tf")


class UnreadableImages:
    """What could not be read of a data set so far.

    Safe to be called from several threads, as `tf.data` does.

    Of few images one alone is a large share. So a subset, such as the images
    with labels, is judged by the data set that it was taken from, and one may
    always be unreadable.

    Args:
      source: The `Source`, for its size and the names of its files.
      max_fraction: Share of the data set's images that may be unreadable, in
        [0, 1]; 0 allows none, 1 all, and any other share one, but not all.

    Attributes:
      allowed: How many images may be unreadable.
      numbers: Of the unreadable examples, a set.
      error: Why the run cannot go on, a sentence; None while it can.
    """

    def __init__(self, source: Source, max_fraction: float = 0.01) -> None:
        self.source = source
        self.max_fraction = max_fraction
        self.total = source.num_examples
        self.allowed = _allowed(source, max_fraction)
        self.numbers: set[int] = set()
        self.error: str | None = None
        self._batches: dict[int, int] = {}  # the first that each was met in
        self._lock = threading.Lock()

    def note(self, number: int, read: bool, batch: int) -> None:
        """`report` of one example, unless it could be read."""
        if not read:
            self.report([number], batch)

    def found_before(self, batch: int) -> list[int]:
        """Those that were met in batches before one, in ascending order.

        Batches are read ahead: `numbers` may hold some of later ones.
        """
        with self._lock:
            first = sorted(self._batches.items())
        return [number for number, met in first if met < batch]

    def restore(self, numbers: Iterable[int]) -> None:
        """Adds unreadable examples of an earlier run, unless too many."""
        numbers = {n for n in numbers if 0 <= n < self.total}
        if len(numbers) <= self.allowed:
            self.numbers |= numbers
            self._batches |= dict.fromkeys(numbers, 0)

    def report(self, numbers: Iterable[int], batch: int = 0) -> None:
        """Notes unreadable examples, each of which is named once.

        Args:
          numbers: Of the examples, ints.
          batch: Number of the batch they were met in.

        Raises:
          ValueError: If there are more than may be.
        """
        with self._lock:
            for number in map(int, numbers):
                met = self._batches.get(number, batch)
                self._batches[number] = min(met, int(batch))
                self._add(number)
            if self.error:
                raise ValueError(self.error)

    def _add(self, number):
        if number in self.numbers or self.error:
            return
        self.numbers.add(number)
        if len(self.numbers) > self.allowed:
            self.error = self._too_many(number)
            return
        where = self.source.where(number)
        _LOG.warning("left out, as it cannot be read: %s", where)
        if self._is_last_of_class(number):
            label = int(self.source.labels[number])
            _LOG.warning(LOST, _listed(self.source, [label]))

    def _too_many(self, number):
        count, total = len(self.numbers), self.total
        whole = self.source.taken_from
        of_whole = f", of {whole} that these are taken from" if whole else ""
        return (
            f"{self._reason(number)} Unreadable so far: {count} of {total} "
            f"images, where --max_corrupt_fraction={self.max_fraction:g} "
            f"allows {self.allowed}{of_whole}."
        )

    def _is_last_of_class(self, number):
        label = self.source.labels[number]
        alike = np.flatnonzero(self.source.labels == label)
        return label >= 0 and self.numbers.issuperset(alike)

    def _reason(self, number):
        """What is wrong with an example: its file, or what that holds."""
        try:
            data = self.source.encoded_bytes(number)
        except FileNotFoundError:
            return (
                f"The file {self.source.where(number)!r} is not there, though "
                "the data set names it: bring it, or take it off the list."
            )
        except (OSError, ValueError) as error:
            return f"{error}"
        expected = "Expected an image (JPEG, PNG, GIF, WebP, BMP or TIFF): "
        where = self.source.where(number)
        if words := unreadable_words(data):
            return f"{expected}{where} is none, as {words}."
        return (
            f"{expected}{where} is none, or is damaged, or beyond what is "
            "read: remove it, mend it, or convert it."
            f"{_error_of_decoding(self.source, data)}"
        )

    def summary(self) -> str:
        """A line for the end of a run, "" if all could be read."""
        if not self.numbers:
            return ""
        sentence = (
            f"{len(self.numbers)} of {self.total} images could "
            "not be read and were left out"
        )
        lost = self._lost_classes()
        if not lost:
            return sentence
        return f"{sentence}: {LOST % _listed(self.source, lost)}"

    def _lost_classes(self):
        """Numbers of the classes whose labelled images are all unreadable."""
        labels = self.source.labels
        left = np.delete(labels, sorted(self.numbers))
        return np.setdiff1d(labels[labels >= 0], left).tolist()

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Replaces TensorFlow's error by the reason why reading stopped.

        Raises:
          ValueError: In the place of TensorFlow's error.
        """
        try:
            yield
        except tf.errors.OpError:
            if self.error:
                raise ValueError(self.error) from None
            raise


def still_unreadable(source: Source, numbers: Iterable[int]) -> list[int]:
    """Those of the examples that cannot be read now.

    Args:
      source: A `Source`.
      numbers: Of examples that could not be read earlier, ints; others than
        the source has are left out.
    """
    tried = sorted({n for n in numbers if 0 <= n < source.num_examples})
    fetch = source.pixels()
    read = tf.data.Dataset.from_tensor_slices(np.array(tried, np.int64)).map(
        lambda number: (number, fetch(number)), num_parallel_calls=cores()
    )
    readable = {int(n) for n, _ in read.ignore_errors().as_numpy_iterator()}
    return [number for number in tried if number not in readable]


def _allowed(source, max_fraction):
    """How many images of a source may be unreadable."""
    total = source.num_examples
    if max_fraction in (0, 1):
        return int(max_fraction * total)
    share = int(max_fraction * max(source.taken_from, total))
    return min(max(share, 1), total - 1)


def _error_of_decoding(source, data):
    """A sentence with what the decoder says of an image; "" if nothing.

    It goes step by step: a graph would wait for threads, which may all be
    waiting for this one.
    """
    if not source.storage.encoded:
        return ""
    try:
        with tf.device("CPU"):
            image = decode_image(
                tf.constant(data), apply_orientation=source.apply_orientation
            )
            shape = None if source.apply_orientation else source.shape
            tf.ensure_shape(image, shape or (None, None, 3))
    except UNREADABLE as error:
        return f" The decoder says: {first_line(error).rstrip('.')}."
    return ""


def _listed(source, labels):
    """Classes by name, or by number where they have none."""
    names = source.class_names or range(source.labels.max() + 1)
    return ", ".join(repr(names[label]) for label in labels)
