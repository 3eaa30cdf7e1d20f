"""A data set: labels, class names and one storage of images."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from simclrv2_tf.data import shorter_side
from simclrv2_tf.data.decode.rgb import decoder
from simclrv2_tf.data.decode.rgb import to_float
from simclrv2_tf.data.label_checks import check_classes
from simclrv2_tf.data.label_checks import check_images
from simclrv2_tf.data.label_checks import check_labels
from simclrv2_tf.data.label_checks import check_named
from simclrv2_tf.data.storage import Storage

UNLABELLED = -1
# The fields of the first version, one for each kind of storage.
_KINDS = ("images", "decoded", "encoded", "paths", "places")


@dataclasses.dataclass(frozen=True, repr=False)
class Source:
    """A data set whose examples are read by number.

    Attributes:
      name: For messages.
      labels: int32 (examples,), -1 for unlabelled.
      storage: Holds the images.
      class_names: Names of the classes, or None if there are no labels.
      channels: Channels of the images that are handed out; None for those
        that they have.
      shape: (height, width, channels) of all images, where the data set says
        so; an image of another shape counts as unreadable.
      notes: Sentences about what the files hold beside these images: what was
        passed over, and what cannot be read.
      apply_orientation: Whether encoded images are turned as their EXIF tags
        say.
      resize_shorter_side: Pixels that the shorter side of larger images is
        reduced to, None for none.
      taken_from: Examples of the data set that `subset` took these from; 0
        where they are all of it.
      numbers: int64 (examples,), the number that each has among all of the
        data set `name`, however few of them are here; None where all are.
      numbered: Whether a label map gives the classes as numbers, which say
        more than the names that they have from their labels.

    Raises:
      ValueError: If labels, images and names of classes do not go together.
    """

    name: str
    labels: np.ndarray
    storage: Storage
    class_names: tuple[str, ...] | None = None
    channels: int | None = None
    shape: tuple | None = None
    notes: tuple[str, ...] = ()
    apply_orientation: bool = False
    resize_shorter_side: int | None = None
    taken_from: int = 0
    numbers: np.ndarray | None = None
    numbered: bool = False

    def __post_init__(self) -> None:
        check_labels(self.labels, self.name)
        check_images(self.storage, self.labels, self.name)
        check_classes(self.class_names, self.labels, self.name)

    @property
    def num_examples(self) -> int:
        """Examples of the data set, labelled or not."""
        return len(self.labels)

    @property
    def num_classes(self) -> int:
        """Classes of the data set, 0 if it has no labels.

        Raises:
          ValueError: If it has labels and no names of classes.
        """
        check_named(self.class_names, self.labels, self.name)
        return len(self.class_names or ())

    @property
    def num_channels(self) -> int:
        """Channels of the images, as they are or as `channels` wants them."""
        return self.channels or (self.storage.image_shape or (3,))[-1]

    @property
    def image_shape(self) -> tuple | None:
        """(height, width, channels) where all images have one, else None."""
        shape = self.storage.image_shape or self._shape_of_files
        side = self.resize_shorter_side
        if not (shape and side) or min(shape[:2]) <= side:
            return shape
        return (*shorter_side.reduced_shape(shape[:2], side), shape[2])

    @property
    def _shape_of_files(self):
        """`shape`, unless images may be turned."""
        return None if self.apply_orientation else self.shape

    def fingerprint(self) -> str:
        """Text that differs for other labels, or images in other places.

        Images themselves are not looked at.
        """
        *outline, other = self.storage.fingerprint()
        digest = hashlib.sha256(repr((self.class_names, *outline)).encode())
        digest.update(self.labels.tobytes())
        digest.update(other.encode())
        if self.apply_orientation:
            digest.update(b"apply_orientation")
        if self.resize_shorter_side:
            digest.update(b"shorter side %d" % self.resize_shorter_side)
        return digest.hexdigest()[:16]

    def __repr__(self) -> str:
        """The fields of the first version, under their names there.

        The text is the same in every process and every version, as the
        fingerprint of a run on joined sources is made from it.
        """
        images = dict.fromkeys(_KINDS)
        images[self.storage.kind] = self.storage.contents()
        fields = {
            "name": self.name,
            "labels": self.labels,
            "class_names": self.class_names,
            **images,
            "channels": self.channels,
            "shape": self.shape,
        }
        words = (f"{name}={value!r}" for name, value in fields.items())
        return f"Source({', '.join(words)})"

    def with_labels(self, indices: np.ndarray | Sequence[int]) -> Source:
        """The same examples, all labels but those of `indices` taken away."""
        labels = np.full_like(self.labels, UNLABELLED)
        labels[indices] = self.labels[indices]
        return dataclasses.replace(self, labels=labels)

    def subset(self, indices: np.ndarray) -> Source:
        """The examples at these places alone, in this order.

        Each keeps its number, see `numbers`.
        """
        return dataclasses.replace(
            self,
            labels=self.labels[indices],
            storage=self.storage.subset(indices),
            taken_from=self.taken_from or self.num_examples,
            numbers=self._all_numbers()[indices],
        )

    def remaining(self, indices: np.ndarray) -> Source:
        """The examples of a data set whose other images are left out.

        Unlike `subset`, the unreadable limit counts these images alone.
        """
        return dataclasses.replace(self.subset(indices), taken_from=0)

    def part(self, indices: np.ndarray) -> Source:
        """The same as a data set of its own, such as a slice of a split.

        Its examples are numbered from 0 on, as its `name` says what it is.
        """
        return dataclasses.replace(self.remaining(indices), numbers=None)

    def _all_numbers(self):
        if self.numbers is None:
            return np.arange(self.num_examples)
        return self.numbers

    def with_channels(self, channels: int) -> Source:
        """The same images with so many channels.

        Args:
          channels: As many as the images have; 1 and 3 are made from each
            other.

        Raises:
          ValueError: If the images have another number.
        """
        own = dataclasses.replace(self, channels=None).num_channels
        if channels != own and {channels, own} != {1, 3}:
            raise ValueError(
                f"`channels` must be {own}, as many as the images of "
                f"{self.name} have. Received: channels={channels}"
            )
        return dataclasses.replace(self, channels=channels)

    def encoded_bytes(self, index: int) -> bytes:
        """One image as the bytes of a file; pixels, uint8, become a PNG.

        Raises:
          ValueError: If a file that held many images is gone.
          OSError: If the image's own file cannot be read.
        """
        image = self.storage.read(index)
        if isinstance(image, bytes):
            return image
        return tf.io.encode_png(image).numpy()

    def pixels(self) -> Callable[[Any], tf.Tensor]:
        """A function from numbers to images as they are, for `tf.data`.

        Larger ones are reduced to `resize_shorter_side`.

        Returns:
          Function of an int64 scalar (of any shape where the storage knows
          the shape of its images) to uint8, or float32 in [0, 1], (height,
          width, channels); it fails where an image cannot be read.

        Raises:
          ValueError: If images held as floats are outside [0, 1].
        """
        decoded, side = self._decoded(), self.resize_shorter_side
        if not side:
            return decoded
        return lambda i: shorter_side.reduce_image(decoded(i), side)

    def _decoded(self):
        """`pixels` of the size that they are stored in."""
        fetch = self.storage.fetch()
        if self.storage.image_shape is not None:
            return fetch
        shape = self._shape_of_files or (None, None, 3)
        if self.storage.encoded:
            decode = decoder(self.apply_orientation)
            return lambda i: tf.ensure_shape(decode(fetch(i)), shape)
        return lambda i: tf.ensure_shape(fetch(i), shape)

    def reader(self) -> Callable[[Any], tuple[tf.Tensor, tf.Tensor]]:
        """`pixels` as floats with the wanted channels, and labels.

        Returns:
          Function of an int64 scalar to (image float32 (height, width,
          channels) in [0, 1], label int32).
        """
        labels = tf.constant(self.labels)
        fetch = self.pixels()
        return lambda i: (
            to_channels(to_float(fetch(i)), self.channels),
            tf.gather(labels, i),
        )

    def class_of(self, index: int) -> str:
        """Name of an example's class, "" without one."""
        label, names = self.labels[index], self.class_names
        return names[label] if names and label >= 0 else ""

    def where(self, index: int) -> str:
        """Where an example comes from, for messages.

        Of data that are no files it has its number in all of `name`.
        """
        words = self.storage.where(index, self.name)
        place = f"example {index} of {self.name}"
        if self.numbers is None or not words.startswith(place):
            return words
        number = int(self.numbers[index])
        return f"example {number} of {self.name}{words.removeprefix(place)}"


def to_channels(image: tf.Tensor, channels: int | None) -> tf.Tensor:
    """RGB to luma, or grey three times over; other images as they are.

    Args:
      image: float (height, width, 1 or 3).
      channels: Wanted, None for those that it has.
    """
    if channels is None or channels == image.shape[-1]:
        return image
    if channels == 1:
        return tf.image.rgb_to_grayscale(image)
    return tf.image.grayscale_to_rgb(image)
