"""Several data sets as one: `concat:A,B`."""

import dataclasses
import hashlib

import numpy as np

from simclrv2_tf.data.mapped import Mapped
from simclrv2_tf.data.places import OneByOne
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.splits import parse_split


def open_concat(open_one, where, split, options):
    """Several data sets as one, their classes matched by name.

    All must have the training split. Of another split those are taken that
    have it: unlabelled images beside a labelled set have none.

    Args:
      open_one: Function (name, split, options) to a `Source`.
      where: Names of data sets with commas between them; a slice of `split`
        is cut from each.
      split: Name of the split, perhaps with a slice.
      options: `Options`, the same for all.

    Returns:
      A `Source`. Its classes are those of the first, then those that others
      add.

    Raises:
      NoSplitError: If the split is missing.
    """
    names = [name.strip() for name in where.split(",")]
    if len(names) < 2 or not all(names):
        raise ValueError(
            "concat:A,B must name two data sets or more, with commas between "
            f"them. Received: concat:{where}"
        )
    wanted, _ = parse_split(split)
    sources, classes, absent = [], [], []
    for name in names:
        try:
            sources.append(open_one(name, split, options))
            classes.extend(sources[-1].class_names or ())
        except NoSplitError as error:
            if wanted in TRAIN:
                raise
            absent.append(error)
            classes.extend(_classes(open_one, name, options))
    if not sources:
        raise absent[0]
    classes = tuple(dict.fromkeys(classes)) or None
    return join(f"concat:{where} ({split})", sources, classes)


def _classes(open_one, name, options):
    """The classes of a data set that lacks the split in question."""
    try:
        return open_one(name, TRAIN[0], options).class_names or ()
    except NoSplitError:
        return ()


def join(name, sources, classes):
    """One `Source` of several.

    Args:
      name: For messages.
      sources: `Source`s.
      classes: Names of the classes of all of them, or None.
    """
    numbers = {known: index for index, known in enumerate(classes or ())}
    labels = np.concatenate([_labels(source, numbers) for source in sources])
    return Source(name, labels, classes, **_images(sources))


def _labels(source, numbers):
    table = [numbers[known] for known in source.class_names or ()]
    return np.array([*table, UNLABELLED], np.int32)[source.labels]


def _images(sources):
    """The field of `Source` that holds all images, in the form they share."""
    for kind in ("images", "encoded", "paths"):
        held = [getattr(source, kind) for source in sources]
        if any(images is None for images in held):
            continue
        apart = any(isinstance(images, Mapped) for images in held)
        forms = {(images.shape[1:], images.dtype.kind) for images in held}
        if len(forms) == 1 and not apart:
            return {kind: np.concatenate(held)}
    for source in sources:
        _check_encodable(source)
    counts = [source.num_examples for source in sources]
    which = np.repeat(np.arange(len(sources), dtype=np.int32), counts)
    index = np.concatenate([np.arange(count) for count in counts])
    return {"places": Joined(tuple(sources), which, index)}


def _check_encodable(source):
    images = source.images
    if images is not None and (
        images.dtype != np.uint8 or images.shape[-1] not in (1, 3)
    ):
        raise ValueError(
            "Arrays can be joined with other images if they are uint8 with 1 "
            f"or 3 channels, or of the others' size. Received: {source.name} "
            f"of {images.dtype} with {images.shape[-1]} channels"
        )


@dataclasses.dataclass(frozen=True)
class Joined(OneByOne):
    """Images of several sources, in the place of `Places`.

    Attributes:
      sources: `Source`s.
      which: int32 (examples,), number of the source.
      index: int64 (examples,), number of the example there.
    """

    sources: tuple
    which: np.ndarray
    index: np.ndarray

    def __len__(self):
        return len(self.which)

    def __getitem__(self, indices):
        """Some of the examples; of the sources no more than they need."""
        which, index = self.which[indices], self.index[indices]
        sources, places = [], np.empty_like(index)
        for number, source in enumerate(self.sources):
            mine = which == number
            sources.append(source.subset(index[mine]))
            places[mine] = np.arange(mine.sum())
        return Joined(tuple(sources), which, places)

    def fingerprint(self):
        """Text that differs for other examples."""
        digest = hashlib.sha256(self.which.tobytes() + self.index.tobytes())
        for source in self.sources:
            digest.update(source.fingerprint().encode())
        return digest.hexdigest()

    def file(self, index):
        return self.sources[self.which[index]].place(self.index[index])

    def read(self, index):
        return self.sources[self.which[index]].encoded_bytes(self.index[index])
