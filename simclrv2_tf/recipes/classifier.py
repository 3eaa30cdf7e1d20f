"""A trained classifier, to be asked about images."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from simclrv2_tf import hub
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.decode.magic import EXTENSIONS
from simclrv2_tf.data.source import UNLABELLED
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.storage import Encoded
from simclrv2_tf.data.storage import Files
from simclrv2_tf.data.storage import InMemory
from simclrv2_tf.data.storage import Storage
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.models.network import Network
from simclrv2_tf.recipes import record
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.orientation_choice import trained_with

BATCH = 64  # images that are looked at together


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What a classifier thinks of an image.

    Attributes:
      class_name: The most probable class.
      probability: Of that class, in [0, 1].
      probabilities: {class name: probability} of all, the best first.
      image: The image's file, or its number among those that were given.
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
    """

    def __init__(
        self,
        network: Network,
        class_names: Sequence[str] | None = None,
        apply_orientation: bool = False,
        temperature: float = 1.0,
    ) -> None:
        count = network.get_config()["num_classes"]
        self.network = network
        self.apply_orientation = apply_orientation
        self.temperature = temperature
        self.class_names = list(class_names or map(str, range(count)))

    def predict(self, images) -> Prediction | list[Prediction]:
        """Says what images show.

        Args:
          images: A file, a folder with its subfolders, or an array (height,
            width, channels), uint8 or float in [0, 1]; a list of files or
            arrays, or an array of many images.

        Returns:
          A `Prediction`; a list of them unless one image is given.

        Raises:
          ValueError: If there is no image, or one cannot be read.
        """
        source, single = _as_source(images)
        source = dataclasses.replace(
            source, apply_orientation=self.apply_orientation
        )
        found = [
            self._prediction(row, source.where(number))
            for number, row in enumerate(self.probabilities(source))
        ]
        return found[0] if single else found

    def probabilities(self, source: Source) -> np.ndarray:
        """Probabilities of all classes, float32 (examples, classes)."""
        config = self.network.get_config()
        unreadable = UnreadableImages(source, 1.0)
        batches = pipeline.eval_dataset(
            source.with_channels(config["channels"]),
            BATCH,
            config["image_size"],
            unreadable=unreadable,
        )
        rows = np.full((source.num_examples, len(self.class_names)), np.nan)
        for pixels, numbers in batches:
            logits = self.network(pixels, training=False)["logits_sup"]
            logits = tf.cast(logits, tf.float32)
            rows[numbers] = tf.nn.softmax(logits / self.temperature)
        bad = np.flatnonzero(np.isnan(rows[:, 0]))
        if len(bad):
            named = ", ".join(source.where(number) for number in bad[:5])
            raise ValueError(
                f"Each image must be readable. Received: {named}"
                + (f" and {len(bad) - 5} others" if len(bad) > 5 else "")
            )
        return rows.astype(np.float32)

    def _prediction(self, row, where):
        order = np.argsort(-row, kind="stable")
        named = {self.class_names[i]: float(row[i]) for i in order}
        best = self.class_names[order[0]]
        return Prediction(best, named[best], named, where)


def load_classifier(source: str | os.PathLike[str]) -> Classifier:
    """Loads a classifier from whatever holds one.

    Args:
      source: The directory of a job or of a run, an exported model, or
        anything else that `load_network` takes and that has a supervised head,
        "hf://USER/NAME" for one.
        Probabilities are at the temperature that `--calibrate` found, if any.

    Raises:
      ValueError: If there is no trained classifier.

    Example:
      >>> load_classifier("runs/mine").predict("cat.jpg").class_name
      'cat'
    """
    path = record.run_within(local(source))
    weights.check_classifier(path)
    network = hub.load_network(path)
    count = network.get_config()["num_classes"]
    if not count:
        raise ValueError(
            f"Expected a network with a supervised head. Received: {path!r}, "
            "which has none: fine-tune it first."
        )
    names = weights.class_names(path)
    if names and len(names) != count:
        names = None
    turned = trained_with(path) or False
    return Classifier(network, names, turned, weights.temperature(path))


def _as_source(images):
    """A `Source` of what `predict` takes, and whether it is one image."""
    if isinstance(images, (str, os.PathLike)):
        path = os.fspath(images)
        if os.path.isdir(path):
            return _files(_images_in(path)), False
        return _files([path]), True
    if not isinstance(images, np.ndarray) and not tf.is_tensor(images):
        images = list(images)
        if not images:
            raise ValueError("Expected an image at least. Received: []")
        if isinstance(images[0], (str, os.PathLike)):
            return _files([os.fspath(path) for path in images]), False
        return _source(_stored([np.asarray(image) for image in images])), False
    array = np.asarray(images)
    if array.ndim not in (3, 4):
        raise ValueError(
            "An image must be an array (height, width, channels), and many "
            f"of them one of four axes. Received: shape {array.shape}"
        )
    single = array.ndim == 3
    return _source(InMemory(array[None] if single else array)), single


def _files(paths):
    missing = [path for path in paths if not os.path.isfile(path)]
    if missing:
        raise ValueError(f"Expected a file. Received: {missing[0]!r}")
    return _source(Files(np.array(paths, object)))


def _images_in(folder):
    found = sorted(
        os.path.join(directory, name)
        for directory, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(EXTENSIONS)
    )
    if not found:
        raise ValueError(
            f"Expected images ({', '.join(EXTENSIONS)}) in the folder. "
            f"Received: {folder!r}, which holds none"
        )
    return found


def _stored(arrays) -> Storage:
    """Arrays of one size as they are; of many sizes as encoded images."""
    if len({(array.shape, array.dtype) for array in arrays}) == 1:
        return InMemory(np.stack(arrays))
    encoded = np.empty(len(arrays), object)
    for number, array in enumerate(arrays):
        pixels = tf.image.convert_image_dtype(array, tf.uint8)
        encoded[number] = tf.io.encode_png(pixels).numpy()
    return Encoded(encoded)


def _source(storage):
    labels = np.full(len(storage), UNLABELLED, np.int32)
    return Source("the images given", labels, storage)
