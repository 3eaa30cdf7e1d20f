"""The rows of frozen features and raw pixels in a job's table."""

from __future__ import annotations

import math
import time

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.nearest import neighbours
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.job_report import Row

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
        name = "on frozen features"
        yield from self._judged(
            {
                f"logistic regression {name}": linear_probe.classify,
                f"nearest neighbours {name}": self._neighbours,
            },
            lambda source: baselines.features_of(network, source),
            parameters,
        )
        yield from self._judged(
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

    def _judged(self, classifiers, represent, parameters):
        """A row for each classifier of one representation."""
        data = self._job.data
        begin = time.monotonic()
        train = data.train.subset(data.labelled)
        known = represent(train), train.labels
        asked = None
        if data.evaluation is not None:
            counted = np.flatnonzero(data.evaluation.labels >= 0)
            evaluation = data.evaluation.subset(counted)
            asked = represent(evaluation), evaluation.labels
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
