"""The rows of frozen features and raw pixels in a job's table."""

from __future__ import annotations

import math
import time

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.inference.evaluation.eval_batches import spread_over
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.nearest import neighbours
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.results.job_report import Row

PART = "features"
NEIGHBOURS = 5


class FeatureChecks:
    """Cheap classifiers on the frozen features, and on the pixels.

    Args:
      job: A `Job` whose network is pretrained.
    """

    def __init__(self, job):
        self._job = job

    def rows(self) -> list[Row]:
        """The rows, computed once."""
        record = self._job.record
        if PART not in record.done:
            record.finish(PART, {"rows": [vars(r) for r in self._compute()]})
        return [Row(**values) for values in record.done[PART]["rows"]]

    def _compute(self):
        network, parameters = self._network()
        images = self._images()
        name = "on frozen features"
        yield from self._judged(
            images,
            {
                f"logistic regression {name}": linear_probe.classify,
                f"nearest neighbours {name}": self._neighbours,
            },
            lambda source: baselines.unit_features(network, source),
            parameters,
        )
        yield from self._judged(
            images,
            {"nearest neighbours on raw pixels": self._neighbours},
            baselines.pixels_of,
            0,
        )

    def _network(self):
        """The pretrained network, and how many weights its features take."""
        network = hub.load_network(self._job.path_of("pretrain"))
        weights = network.backbone.trainable_variables
        return network, sum(math.prod(weight.shape) for weight in weights)

    def _neighbours(self, known, labels, asked):
        fewest = int(np.bincount(labels).min())
        k = max(1, min(NEIGHBOURS, fewest))
        return neighbours(known, labels, asked, k)

    def _images(self):
        """Labelled images to learn from and, if any, to evaluate on.

        What cannot be read, or is not asked for, is left out, as it is of the
        networks' rows.
        """
        data = self._job.data
        train = baselines.readable(data.train.subset(data.labelled))
        if data.evaluation is None:
            return train, None
        asked = spread_over(self._job.config_of("distill"), data.evaluation)
        counted = np.flatnonzero(asked.labels >= 0)
        return train, baselines.readable(asked.subset(counted))

    def _judged(self, images, classifiers, represent, parameters):
        """A row for each classifier of one representation."""
        begin = time.monotonic()
        known, asked = (s and (represent(s), s.labels) for s in images)
        for name, classify in classifiers.items():
            accuracy, count = baselines.accuracy(classify, known, asked)
            seconds, begin = time.monotonic() - begin, time.monotonic()
            yield Row(
                name=name,
                top_1=float(accuracy) if count else None,
                examples=count,
                parameters=parameters,
                seconds=seconds,
                measured="evaluation" if asked else "cross-validation",
            )
