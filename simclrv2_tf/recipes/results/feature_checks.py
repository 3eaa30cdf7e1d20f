"""The rows of frozen features and raw pixels in a job's table."""

from __future__ import annotations

import math
import time

import numpy as np

from simclrv2_tf.inference.evaluation.eval_batches import spread_over
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.cross_validation import FOLDS
from simclrv2_tf.probing.nearest import neighbours
from simclrv2_tf.probing.stratified_draw import draw
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.checked_images import MOST_ASKED
from simclrv2_tf.recipes.checked_images import MOST_KNOWN
from simclrv2_tf.recipes.results.job_report import Row
from simclrv2_tf.runs.hardware import memory

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
            known, queries = self._labelled()
            images = (
                _some(known, MOST_KNOWN, FOLDS),
                queries and _some(queries, MOST_ASKED),
            )
            rows = [vars(row) for row in self._compute(images)]
            peak = {"peak_memory": memory.highest()}
            drawn = _drawn(known, queries)
            record.finish(PART, {"rows": rows, **peak, **drawn})
        return [Row(**values) for values in record.done[PART]["rows"]]

    def notes(self) -> list[str]:
        """A sentence where `rows` are not of all images, once they are."""
        drawn = self._job.record.done.get(PART, {}).get("drawn", {})
        parts = [f"{part} {few:,} of {n:,}" for part, (few, n) in drawn.items()]
        if not parts:
            return []
        return [
            "the rows of frozen features and raw pixels are of a stratified "
            f"draw: {', '.join(parts)} labelled images"
        ]

    def _compute(self, images):
        network, parameters = self._network()
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
        network = self._job.pretrained_network()
        weights = network.backbone.trainable_variables
        return network, sum(math.prod(weight.shape) for weight in weights)

    def _neighbours(self, known, labels, queries):
        fewest = int(np.bincount(labels).min())
        k = max(1, min(NEIGHBOURS, fewest))
        return neighbours(known, labels, queries, k)

    def _labelled(self):
        """Labelled images to learn from and, if any, to evaluate on.

        What is not asked for is left out, as it is of the networks' rows. Both
        have the channels of training: rows of pixels are as long then.
        """
        data = self._job.data
        train = data.train.subset(data.labelled)
        if data.evaluation is None:
            return train, None
        queries = spread_over(self._job.config_of("distill"), data.evaluation)
        queries = queries.subset(np.flatnonzero(queries.labels >= 0))
        return train, queries.with_channels(train.num_channels)

    def _judged(self, images, classifiers, represent, parameters):
        """A row for each classifier of one representation."""
        begin = time.monotonic()
        known, queries = (s and (represent(s), s.labels) for s in images)
        for name, classify in classifiers.items():
            accuracy, count = baselines.accuracy(classify, known, queries)
            seconds, begin = time.monotonic() - begin, time.monotonic()
            yield Row(
                name=name,
                top_1=float(accuracy) if count else None,
                examples=count,
                parameters=parameters,
                seconds=seconds,
                measured="evaluation" if queries else "cross-validation",
            )


def _some(source, most, least=0):
    """At most so many images of a source, and such as can be read."""
    if source.num_examples > most:
        source = source.subset(draw(source.labels, most, least))
    return baselines.readable(source)


def _drawn(known, queries):
    """What is recorded of a draw, {} where all images are looked at."""
    counts = {"learnt from": (MOST_KNOWN, known.num_examples)}
    if queries:
        counts["judged on"] = (MOST_ASKED, queries.num_examples)
    drawn = {part: pair for part, pair in counts.items() if pair[0] < pair[1]}
    return {"drawn": drawn} if drawn else {}
