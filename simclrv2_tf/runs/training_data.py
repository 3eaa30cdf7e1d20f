"""Batches of views that a run is trained on, from whatever step it goes on."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data import label_subset
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.cache import cached
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.runs.inputs import crops_of

NEIGHBOURS = 256  # labelled images that nearest neighbours are sought among
LEAST_NEIGHBOURS = 100  # fewer tell nothing for sure
NEIGHBOUR_CLASSES = 10  # of these, so that each image has others of its class


class TrainingData:
    """Batches of training, the same from whatever step they start.

    Args:
      config: A `Config`.
      source: The `Source` to train on, its labels chosen.
      teacher_size: Side of the images that a teacher is meant for; views are
        of the larger size of the two.

    Attributes:
      source: That source.
      image_size: Side of the views in pixels.
      views: Views of each image.
      unreadable: `UnreadableImages`, what cannot be read so far.
    """

    def __init__(
        self,
        config: Config,
        source: Source,
        teacher_size: int | None = None,
    ):
        self.source = source
        self.image_size = max(config.image_size, teacher_size or 0)
        self.views = 2 if config.train_mode == "pretrain" else 1
        self.unreadable = UnreadableImages(source, config.max_corrupt_fraction)
        self._config = config

    @functools.cached_property
    def _cached(self):
        """The source, its images in memory if the config says so."""
        return (
            cached(self.source) if self._config.cache_dataset else self.source
        )

    def batches(
        self, batch_size: int, first: int, steps: int
    ) -> tf.data.Dataset:
        """`steps` batches from number `first` on, shared by all workers."""
        return distribution.share_input(
            lambda workers, worker: self._dataset(
                batch_size, first, steps, workers=workers, worker=worker
            ),
            batch_size,
        )

    def first_images(self, count: int) -> list[tf.Tensor]:
        """Views of the first images of training, whenever it goes on."""
        count = min(count, self.source.num_examples)
        views = pipeline.first_views(
            self._cached,
            count,
            self.image_size,
            self._config.seed,
            self.views,
            self._config.shuffle_buffer,
            self.unreadable,
            crops_of(self._config),
        )
        return list(views)

    def labelled_images(self) -> tuple[np.ndarray, np.ndarray] | None:
        """A few labelled images as evaluation sees them, and their labels.

        They are of at most `NEIGHBOUR_CLASSES` classes, so that each has
        others of its class among them. None where labels are too few.
        """
        numbers = label_subset.choose_of_few_classes(
            self.source.labels, NEIGHBOUR_CLASSES, NEIGHBOURS
        )
        if len(numbers) < LEAST_NEIGHBOURS:
            return None
        batches = pipeline.eval_dataset(
            self.source,
            len(numbers),
            self.image_size,
            unreadable=self.unreadable,
            numbers=numbers,
        )
        for images, read in batches.as_numpy_iterator():
            return images, self.source.labels[read]
        return None

    def examples_of_batch(self, batch_size: int, number: int) -> np.ndarray:
        """Numbers of the examples in a batch, over all workers."""
        config = self._config
        return pipeline.examples_of_step(
            self.source, batch_size, config.seed, number, config.shuffle_buffer
        )

    def _dataset(self, batch_size, first, steps, **share):
        return pipeline.train_dataset(
            self._cached,
            batch_size,
            self.image_size,
            self._config.seed,
            views=self.views,
            start_step=first,
            steps=steps,
            shuffle_buffer=self._config.shuffle_buffer,
            unreadable=self.unreadable,
            crops=crops_of(self._config),
            **share,
        )
