"""What every data set looks like from inside: numbered images and labels."""

import dataclasses
import hashlib

import numpy as np
import tensorflow as tf

from simclrv2_tf.data.decode.rgb import decode_image
from simclrv2_tf.data.decode.rgb import to_float
from simclrv2_tf.data.decoded import Decoded
from simclrv2_tf.data.mapped import Mapped
from simclrv2_tf.data.places import Places
from simclrv2_tf.files.remote import open_binary

UNLABELLED = -1


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set whose examples can be asked for by number.

    Exactly one of `images`, `decoded`, `encoded`, `paths` and `places` is
    there.

    Attributes:
      name: For messages.
      labels: int32 (examples,), -1 for unlabelled.
      class_names: Names of the classes, or None if there are no labels.
      images: uint8, or float32 in [0, 1], (examples, height, width,
        channels), all of one size; a `Mapped` file of them is read as it is
        needed.
      decoded: Pixels of images of many sizes, in memory.
      encoded: bytes of each image, in memory.
      paths: Files.
      places: Where in larger files each image lies: a `Places`, or another
        with its methods.
      channels: Channels of the images that are handed out; None for those
        that they have.
      shape: (height, width, channels) of all images, where the data set says
        so; an image of another one counts as unreadable.
    """

    name: str
    labels: np.ndarray
    class_names: tuple | None = None
    images: np.ndarray | None = None
    decoded: Decoded | None = None
    encoded: np.ndarray | None = None
    paths: np.ndarray | None = None
    places: Places | None = None
    channels: int | None = None
    shape: tuple | None = None

    @property
    def num_examples(self):
        return len(self.labels)

    @property
    def num_classes(self):
        """Classes of the data set, 0 if it has no labels."""
        return len(self.class_names or ())

    @property
    def held_channels(self):
        """Channels of the images, as they are or as `channels` has them."""
        held = 3 if self.images is None else self.images.shape[-1]
        return self.channels or held

    def fingerprint(self):
        """Text that differs for other labels, or images in other places.

        Images themselves are not looked at.
        """
        images = self.images if self.images is not None else np.zeros(())
        sizes = [
            len(data) for data in (() if self.encoded is None else self.encoded)
        ]
        paths = [] if self.paths is None else self.paths.tolist()
        about = (
            self.class_names,
            images.shape,
            str(images.dtype),
            sizes,
            paths,
        )
        digest = hashlib.sha256(repr(about).encode())
        digest.update(self.labels.tobytes())
        if self.places is not None:
            digest.update(self.places.fingerprint().encode())
        return digest.hexdigest()[:16]

    def with_labels(self, indices):
        """The same examples, all labels but those of `indices` taken away."""
        labels = np.full_like(self.labels, UNLABELLED)
        labels[indices] = self.labels[indices]
        return dataclasses.replace(self, labels=labels)

    def subset(self, indices):
        """The examples of these numbers alone, in this order."""
        chosen = {"labels": self.labels[indices]}
        for kind in ("images", "decoded", "encoded", "paths", "places"):
            if getattr(self, kind) is not None:
                chosen[kind] = getattr(self, kind)[indices]
        return dataclasses.replace(self, **chosen)

    def with_channels(self, channels):
        """The same images with so many channels.

        Args:
          channels: As many as the images have; 1 and 3 are made from each
            other.

        Raises:
          ValueError: If the images have another number.
        """
        held = dataclasses.replace(self, channels=None).held_channels
        if channels != held and {channels, held} != {1, 3}:
            raise ValueError(
                f"`channels` must be {held}, as many as the images of "
                f"{self.name} have. Received: channels={channels}"
            )
        return dataclasses.replace(self, channels=channels)

    def encoded_bytes(self, index):
        """One image as the bytes of a file; an array of uint8 becomes a PNG.

        Raises:
          ValueError: If a file that held many images is gone.
          OSError: If the image's own file cannot be read.
        """
        if self.images is not None:
            return tf.io.encode_png(np.asarray(self.images[index])).numpy()
        if self.places is not None:
            return self.places.read(index)
        if self.encoded is not None:
            return self.encoded[index]
        with open_binary(self.place(index)) as file:
            return file.read()

    @property
    def image_shape(self):
        """(height, width, channels) where all images have one, else None."""
        return self.shape if self.images is None else self.images.shape[1:]

    def pixels(self):
        """A function from numbers to images as they are, for `tf.data`.

        Returns:
          Function of an int64 scalar (of any shape if there are `images`) to
          uint8, or float32 in [0, 1], (height, width, channels); it fails
          where an image cannot be read.

        Raises:
          ValueError: If images held as floats are outside [0, 1].
        """
        if self.images is not None:
            return self._gathered()
        shape = self.shape or (None, None, 3)
        fetch = self._decoded()
        return lambda i: tf.ensure_shape(fetch(i), shape)

    def encoded_batches(self):
        """A function from numbers int64 (n,) to encoded images, string (n,).

        An image whose bytes cannot be read has none, "". None where images
        are not encoded, or each is a file of its own.
        """
        if self.places is not None:
            return lambda i: tf.ensure_shape(
                tf.numpy_function(self.places.read_all, [i], tf.string, False),
                i.shape,
            )
        if self.encoded is None:
            return None
        with tf.device("CPU"):
            encoded = tf.constant(self.encoded)
        return lambda i: tf.gather(encoded, i)

    def reader(self):
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

    def _gathered(self):
        if isinstance(self.images, Mapped):
            return self._mapped
        with tf.device("CPU"):
            images = tf.constant(to_pixels(self.images))
        return lambda i: tf.gather(images, i)

    def _mapped(self, numbers):
        images, numbers = self.images, tf.convert_to_tensor(numbers)
        pixels = tf.numpy_function(
            lambda i: np.asarray(images[i]), [numbers], images.dtype, False
        )
        return tf.ensure_shape(pixels, [*numbers.shape, *images.shape[1:]])

    def _decoded(self):
        if self.places is not None:
            return lambda i: decode_image(self._read_in_place(i))
        with tf.device("CPU"):
            if self.decoded is not None:
                return self.decoded.fetch()
            if self.encoded is not None:
                encoded = tf.constant(self.encoded)
                return lambda i: decode_image(tf.gather(encoded, i))
            paths = tf.constant(self.paths)
        return lambda i: decode_image(tf.io.read_file(tf.gather(paths, i)))

    def _read_in_place(self, index):
        data = tf.numpy_function(self.places.read, [index], tf.string, False)
        return tf.ensure_shape(data, [])

    def place(self, index):
        """Where an example comes from, for messages."""
        if self.paths is not None:
            path = self.paths[index]
            return path.decode() if isinstance(path, bytes) else str(path)
        if self.places is not None:
            return (
                f"example {index} of {self.name}, in {self.places.file(index)},"
            )
        return f"example {index} of {self.name}"


def to_channels(image, channels):
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


def to_pixels(images):
    """Images as they are held: uint8, or float32 in [0, 1].

    Raises:
      ValueError: If floats are outside.
    """
    if images.dtype == np.uint8:
        return images
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):
        raise ValueError(
            "Images must be in [0, 1], or uint8: divide by what is white, and "
            f"apply no mean or deviation. Received: from {low:g} to {high:g}"
        )
    return images.astype(np.float32, copy=False)
