"""Every network, endpoint and count of labels, through every classifier."""

from __future__ import annotations

import logging
from functools import partial
from typing import NamedTuple

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.config import probe_values
from simclrv2_tf.inference.feature_files import Extractor
from simclrv2_tf.inference.feature_files import Features
from simclrv2_tf.inference.probes import probe_data
from simclrv2_tf.inference.probes.finished_draws import FinishedDraws
from simclrv2_tf.inference.probes.probe_classifiers import predictions
from simclrv2_tf.inference.probes.probe_data import ProbeData
from simclrv2_tf.inference.probes.probe_results import Measurement
from simclrv2_tf.probing import cross_validation
from simclrv2_tf.probing import ridge
from simclrv2_tf.probing.feature_rows import are_few

NEIGHBOURS = (1, 10, 20, 200)  # that vote, where nothing else is asked for
_DRAWS = (
    "stratified, the same images for every network, a smaller count within a "
    "larger one"
)
_VOTES = "exp(cosine / temperature); k above the number of labels is left out"
# What the protocol says of every probe.
_PROTOCOL = {
    "features_scaled_to": "mean 0 and deviation 1 each (logistic regression, "
    "ridge)",
    "l2": ridge.L2,
    "intervals": "95 %: Student's t over draws, Wilson's of a single one",
}
_LOG = logging.getLogger("simclrv2_tf")


class _Line(NamedTuple):
    """The features of one endpoint of a network, of both parts of the data."""

    network: str
    endpoint: str
    image_size: int
    train: Features
    test: Features


class ProbeCurve:
    """The accuracy of cheap classifiers, for each count of labels.

    Args:
      config: A `Config`.
      data: `ProbeData`.

    Raises:
      ValueError: If there are fewer labels than draws or neighbours need.
    """

    def __init__(self, config: Config, data: ProbeData):
        self._config = config
        self._data = data
        self._counts = probe_values.label_counts(config)
        self._temperatures = probe_values.temperatures(config)
        self._lines: list[_Line] = []
        self._check_neighbours()

    def add(
        self,
        extractor: Extractor,
        train: dict[str, Features],
        test: dict[str, Features],
    ) -> None:
        """Adds the features of a network to the comparison."""
        self._lines += [
            _Line(
                extractor.name,
                name,
                extractor.image_size,
                train[name],
                test[name],
            )
            for name in extractor.endpoints
        ]

    def measure(self, finished: FinishedDraws) -> list[Measurement]:
        """Measures all features that were added.

        Args:
          finished: The draws that are done, and where others go.
        """
        train, test = self._readable()
        measured: list[Measurement] = []
        for line in self._lines:
            _LOG.info("probing %s of %s", line.endpoint, line.network)
            labels = self._data.test.labels[test]
            rows = _in_memory(line.test.rows.take(test))
            for count in self._counts:
                for draw in self._draws(count, train):
                    one = partial(
                        self._of_draw, line, count, draw, rows, labels
                    )
                    measured += finished.measured(one)
        return measured

    def fingerprint(self) -> dict:
        """What the measurements depend on, for JSON.

        The names of files of features tell weights, images and labels.
        """
        files = [(line.train.file, line.test.file) for line in self._lines]
        return {"protocol": self.protocol(), "features": files}

    def protocol(self) -> dict:
        """What holds for all figures."""
        config = self._config
        return {
            **self._about_data(),
            "label_counts": [count.text for count in self._counts],
            "label_draws": config.label_draws,
            "label_seed": config.label_seed,
            "draws": _DRAWS,
            "k": self._neighbours(),
            "temperatures": self._temperatures,
            "votes": _VOTES,
            "strengths": list(cross_validation.STRENGTHS),
            **_PROTOCOL,
            "precision": config.mixed_precision,
            "features": list(map(_described, self._lines)),
        }

    def _about_data(self):
        """The part of the protocol on images and labels."""
        data = self._data
        train, test = self._readable()
        unreadable = (
            data.train.num_examples
            - len(train)
            + data.test.num_examples
            - len(test)
        )
        return {
            "learnt_from": data.train.name,
            "labels": len(train),
            "judged_on": data.test.name,
            "judged": data.note,
            "examples": len(test),
            "unreadable": unreadable,
            "class_names": list(data.train.class_names or ()),
        }

    def _readable(self):
        """Numbers of the examples that every network could read."""
        parts = (self._data.train, self._data.test)
        unread = [(x.train.unreadable, x.test.unreadable) for x in self._lines]
        return tuple(
            np.setdiff1d(
                np.arange(part.num_examples),
                [n for each in unread for n in each[place]],
            )
            for place, part in enumerate(parts)
        )

    def _draws(self, count, readable):
        config = self._config
        return probe_data.draws(
            self._data.train,
            count,
            config.label_draws,
            config.label_seed,
            readable,
        )

    def _neighbours(self):
        return probe_values.neighbours(self._config) or list(NEIGHBOURS)

    def _check_neighbours(self):
        """Looks for counts that cannot be drawn, and k that is never used."""
        every = np.arange(self._data.train.num_examples)
        sizes = [
            len(draw.numbers)
            for count in self._counts
            for draw in self._draws(count, every)
        ]
        for k in probe_values.neighbours(self._config) or ():
            if k > max(sizes):
                raise ValueError(
                    "`probe_k` must not be more than the labelled examples "
                    f"that probes learn from, {max(sizes)} at most. Received: "
                    f"probe_k={k}"
                )

    def _of_draw(self, line, count, draw, test_rows, test_labels):
        rows = _in_memory(line.train.rows.take(draw.numbers))
        labels = self._data.train.labels[draw.numbers]
        pairs, classes = self._pairs(len(labels)), self._data.train.num_classes
        for settings, predicted in predictions(
            rows, labels, test_rows, classes, pairs, draw.seed
        ):
            yield Measurement(
                network=line.network,
                endpoint=line.endpoint,
                labels=_number(len(labels) / len(np.unique(labels))),
                count=count.text,
                labels_in_all=len(labels),
                draw=draw.number,
                seed=draw.seed,
                top_1=float(np.mean(predicted == test_labels)),
                examples=len(test_labels),
                split=self._data.test.name,
                image_size=line.image_size,
                **settings,
            )

    def _pairs(self, labels):
        """Each k that there are neighbours for, with each temperature."""
        fitting = [k for k in self._neighbours() if k <= labels]
        return [
            (k, temperature)
            for k in fitting
            for temperature in self._temperatures[: 1 if k == 1 else None]
        ]


def _described(line):
    """A line's entry in the protocol."""
    return {
        "network": line.network,
        "endpoint": line.endpoint,
        "image_size": line.image_size,
        "width": line.train.rows.shape[1],
    }


def _in_memory(rows):
    """Rows in memory where they are few."""
    return rows[:] if are_few(rows) else rows


def _number(value):
    return int(value) if float(value).is_integer() else round(value, 3)
