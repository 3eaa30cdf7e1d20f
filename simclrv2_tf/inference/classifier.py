"""A trained classifier, which predicts the classes of images."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf.data import pipeline
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.inference import given_images
from simclrv2_tf.models.network import Network

BATCH = 64  # images that are looked at together


@dataclasses.dataclass(frozen=True)
class Prediction:
    """The prediction of a classifier for an image.

    Attributes:
      class_name: The most probable class.
      probability: Of that class, in [0, 1].
      probabilities: {class name: probability} of all, the best first.
      image: The image's file, or in words which of the images given it is.
    """

    class_name: str
    probability: float
    probabilities: dict[str, float]
    image: str


class Classifier:
    """A network with a supervised head, and the names of its classes.

    Args:
      network: A `Network` with a supervised head.
      class_names: One for each class; None for their numbers.
      apply_orientation: Whether files are turned as their EXIF tags say.
      temperature: What logits are divided by to be probabilities.
      resize_shorter_side: Pixels that the shorter side of larger images is
        reduced to, None for none.
    """

    def __init__(
        self,
        network: Network,
        class_names: Sequence[str] | None = None,
        apply_orientation: bool = False,
        temperature: float = 1.0,
        resize_shorter_side: int | None = None,
    ) -> None:
        count = network.get_config()["num_classes"]
        self.network = network
        self.apply_orientation = apply_orientation
        self.resize_shorter_side = resize_shorter_side
        self.temperature = temperature
        self.class_names = list(class_names or map(str, range(count)))

    def predict(self, images) -> Prediction | list[Prediction]:
        """Says what images show.

        Args:
          images: A file, a folder with its subfolders, or an array (height,
            width, channels), uint8 or float in [0, 1], or what numpy makes
            one of, such as an image of Pillow's; a list of files and arrays,
            or an array of many images.

        Returns:
          A `Prediction`; a list of them unless one image is given. Images of
          a folder that cannot be read are left out of it, and the log names
          them.

        Raises:
          ValueError: If there is no image, or one cannot be read; of a folder
            if none can be read.
        """
        if self.apply_orientation:
            images = given_images.turned(images)
        given, single = given_images.listed(images)
        channels = self.network.get_config()["channels"]
        given_images.check_channels(given, channels)
        predictions: list = [None] * len(given)
        for source, places in given_images.sources(given):
            rows, read = self._answers(self._as_trained(source))
            if single or not isinstance(images, str | os.PathLike):
                _check_read(source, read)
            for number in np.flatnonzero(read):
                place = places[number]
                where = given_images.name(given, place)
                predictions[place] = self._prediction(rows[number], where)
        return predictions[0] if single else _of_readable(predictions, images)

    def _as_trained(self, source):
        """With images decoded as those that the network has learnt from."""
        return dataclasses.replace(
            source,
            apply_orientation=self.apply_orientation,
            resize_shorter_side=self.resize_shorter_side,
        )

    def probabilities(self, source: Source) -> np.ndarray:
        """Probabilities of all classes, float32 (examples, classes).

        Raises:
          ValueError: If an image cannot be read, or the network's answers are
            not finite.
        """
        rows, read = self._answers(source)
        _check_read(source, read)
        return rows

    def _answers(self, source):
        """Probabilities, 0 for what cannot be read, and whether it can."""
        config = self.network.get_config()
        unreadable = UnreadableImages(source, 1.0)
        batches = pipeline.eval_dataset(
            source.with_channels(config["channels"]),
            BATCH,
            config["image_size"],
            unreadable=unreadable,
        )
        rows = np.zeros((source.num_examples, len(self.class_names)))
        read = np.zeros(source.num_examples, bool)
        for pixels, numbers in batches:
            logits = self.network(pixels, training=False)["logits_sup"]
            logits = tf.cast(logits, tf.float32)
            rows[numbers] = tf.nn.softmax(logits / self.temperature)
            read[numbers] = True
        _check_finite(source, rows)
        return rows.astype(np.float32), read

    def _prediction(self, row, where):
        order = np.argsort(-row, kind="stable")
        named = {self.class_names[i]: float(row[i]) for i in order}
        best = self.class_names[order[0]]
        return Prediction(best, named[best], named, where)


def _of_readable(predictions, images):
    """The predictions of the images that could be read."""
    there = [prediction for prediction in predictions if prediction is not None]
    if not there:
        raise ValueError(
            f"Expected an image that can be read. Received: {images!r}, whose "
            f"{len(predictions)} images all cannot be"
        )
    return there


def _check_read(source, read):
    if not read.all():
        raise ValueError(
            "Each image must be readable. Received: "
            f"{_named(source, np.flatnonzero(~read))}"
        )


def _check_finite(source, rows):
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        raise ValueError(
            "The network must answer with finite numbers. Received: others "
            f"for {_named(source, np.flatnonzero(~finite))}: its weights are "
            "damaged or its training diverged"
        )


def _named(source, numbers):
    """The first of some examples, and how many others there are."""
    named = ", ".join(source.where(number) for number in numbers[:5])
    return named + (f" and {len(numbers) - 5} others" * (len(numbers) > 5))
