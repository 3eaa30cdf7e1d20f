"""Every network, endpoint and count of labels, through every classifier."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.config import probe_values
from simclrv2_tf.inference.feature_files import Extractor
from simclrv2_tf.inference.feature_files import Features
from simclrv2_tf.inference.probes import probe_data
from simclrv2_tf.inference.probes.finished_draws import FinishedDraws
from simclrv2_tf.inference.probes.probe_data import ProbeData
from simclrv2_tf.inference.probes.probe_results import Measurement
from simclrv2_tf.probing import cross_validation
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing import nearest
from simclrv2_tf.probing import ridge
from simclrv2_tf.probing.feature_rows import are_few

NEIGHBOURS = (1, 10, 20, 200)  # that vote, where nothing else is asked for
_LOG = logging.getLogger("simclrv2_tf")


class _Line(NamedTuple):
    """The features of one endpoint of a network, of both parts of the data."""

    network: str
    endpoint: str
    image_size: int
    known: Features
    asked: Features


class ProbeCurve:
    """What cheap classifiers tell right, for each count of labels.

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
        known: dict[str, Features],
        asked: dict[str, Features],
    ) -> None:
        """Takes part in the comparison."""
        self._lines += [
            _Line(
                extractor.name,
                name,
                extractor.image_size,
                known[name],
                asked[name],
            )
            for name in extractor.endpoints
        ]

    def measure(self, finished: FinishedDraws) -> list[Measurement]:
        """Measures all that takes part.

        Args:
          finished: The draws that are done, and where others go.
        """
        known, asked = self._readable()
        found: list[Measurement] = []
        for line in self._lines:
            _LOG.info("probing %s of %s", line.endpoint, line.network)
            truth = self._data.asked.labels[asked]
            queries = _held(line.asked.rows.take(asked))
            for count in self._counts:
                for draw in self._draws(count, known):
                    one = line, count, draw, queries, truth
                    found += finished.measured(partial(self._of_draw, *one))
        return found

    def fingerprint(self) -> dict:
        """What the measurements depend on, for JSON.

        The names of files of features tell weights, images and labels.
        """
        files = [(line.known.file, line.asked.file) for line in self._lines]
        return {"protocol": self.protocol(), "features": files}

    def protocol(self) -> dict:
        """What holds for all figures."""
        data, config = self._data, self._config
        known, asked = self._readable()
        return {
            "learnt_from": data.known.name,
            "labels": len(known),
            "judged_on": data.asked.name,
            "judged": data.note,
            "examples": len(asked),
            "unreadable": data.known.num_examples
            + data.asked.num_examples
            - len(known)
            - len(asked),
            "class_names": list(data.known.class_names or ()),
            "label_counts": [count.text for count in self._counts],
            "label_draws": config.label_draws,
            "label_seed": config.label_seed,
            "draws": "stratified, the same images for every network, a "
            "smaller count within a larger one",
            "k": self._neighbours(),
            "temperatures": self._temperatures,
            "votes": "exp(cosine / temperature); k above the number of labels "
            "is left out",
            "strengths": list(cross_validation.STRENGTHS),
            "features_scaled_to": "mean 0 and deviation 1 each (logistic "
            "regression, ridge)",
            "l2": ridge.L2,
            "intervals": "95 %: Student's t over draws, Wilson's of a single "
            "one",
            "precision": config.mixed_precision,
            "features": [
                {
                    "network": line.network,
                    "endpoint": line.endpoint,
                    "image_size": line.image_size,
                    "width": line.known.rows.shape[1],
                }
                for line in self._lines
            ],
        }

    def _readable(self):
        """Numbers of the examples that every network could read."""
        parts = (self._data.known, self._data.asked)
        unread = [(x.known.unreadable, x.asked.unreadable) for x in self._lines]
        return tuple(
            np.setdiff1d(
                np.arange(part.num_examples),
                [n for each in unread for n in each[place]],
            )
            for place, part in enumerate(parts)
        )

    def _draws(self, count, known):
        config = self._config
        return probe_data.draws(
            self._data.known,
            count,
            config.label_draws,
            config.label_seed,
            known,
        )

    def _neighbours(self):
        return probe_values.neighbours(self._config) or list(NEIGHBOURS)

    def _check_neighbours(self):
        """Looks for counts that cannot be drawn, and k that is never used."""
        every = np.arange(self._data.known.num_examples)
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

    def _of_draw(self, line, count, draw, queries, truth):
        rows = _held(line.known.rows.take(draw.numbers))
        labels = self._data.known.labels[draw.numbers]
        for settings, told in self._told(rows, labels, queries, draw.seed):
            yield Measurement(
                network=line.network,
                endpoint=line.endpoint,
                labels=_number(len(labels) / len(np.unique(labels))),
                count=count.text,
                labels_in_all=len(labels),
                draw=draw.number,
                seed=draw.seed,
                top_1=float(np.mean(told == truth)),
                examples=len(truth),
                split=self._data.asked.name,
                image_size=line.image_size,
                **settings,
            )

    def _told(self, rows, labels, queries, seed) -> Iterator[tuple]:
        """Settings of each classifier, and the classes that it gives."""
        pairs = self._pairs(len(labels))
        classes = nearest.votes(rows, labels, queries, pairs)
        for (k, temperature), told in zip(pairs, classes, strict=True):
            yield _settings("knn", k=k, temperature=temperature), told
        num_classes = self._data.known.num_classes
        strength, how = cross_validation.choose_strength(rows, labels, seed)
        model = linear_probe.fit(rows, labels, num_classes, strength)
        chosen = {"strength": strength, "strength_by": how}
        yield _settings("logistic", **chosen), model.classes(queries)
        model = ridge.fit(rows, labels, num_classes)
        yield _settings("ridge", l2=ridge.L2), model.classes(queries)

    def _pairs(self, known):
        """Each k that there are neighbours for, with each temperature."""
        fitting = [k for k in self._neighbours() if k <= known]
        return [
            (k, temperature)
            for k in fitting
            for temperature in self._temperatures[: 1 if k == 1 else None]
        ]


def _settings(family, **settings):
    name = family
    if family == "knn":
        name += f" k={settings['k']}"
        if settings["k"] == 1:  # the nearest decides, however it is weighed
            settings["temperature"] = None
        else:
            name += f" t={settings['temperature']:g}"
    return {"family": family, "classifier": name, **settings}


def _held(rows):
    """Rows in memory where they are few."""
    return rows[:] if are_few(rows) else rows


def _number(value):
    return int(value) if float(value).is_integer() else round(value, 3)
