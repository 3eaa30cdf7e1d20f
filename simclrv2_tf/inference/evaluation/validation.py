"""The evaluation of a network that is still being trained."""

from __future__ import annotations

import dataclasses
import numbers

from simclrv2_tf.config import Config
from simclrv2_tf.data import class_match
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.inference.evaluation.classifier_evaluation import (
    evaluate_classifier,
)
from simclrv2_tf.inference.evaluation.eval_batches import spread_over
from simclrv2_tf.inference.unreadable_of_workers import count_all
from simclrv2_tf.models.network import Network


class Validation:
    """Evaluates a network's classifier, as `--mode=eval` its checkpoint.

    Args:
      config: A `Config`.
      source: A `Source` to evaluate on.

    Raises:
      ValueError: If that has no labels.
    """

    def __init__(self, config: Config, source: Source) -> None:
        if not (source.labels >= 0).any():
            raise ValueError(
                "`patience` and `export_best` compare checkpoints by labelled "
                f"images of the evaluation split. Received: {source.name}, "
                "which has no label: give an evaluation split that has, or "
                "leave them out."
            )
        self._config = dataclasses.replace(config, calibrate=False)
        self._source = spread_over(config, source)
        self._unreadable = UnreadableImages(
            self._source, config.max_corrupt_fraction
        )

    @property
    def source(self) -> Source:
        """The images that it looks at."""
        return self._source

    def __call__(
        self, network: Network, classes: dict, step: int = 0
    ) -> dict[str, float]:
        """Evaluates a network; every worker must call this.

        Args:
          network: A `Network` with a supervised head.
          classes: The run's `class_names`, None if it knows none, whether
            these are `class_names_as_written` in the data, and its
            `MAPPED_NAMES`, if any.

        Returns:
          {name: number}, the names without "eval/".
        """
        channels = network.get_config()["channels"]
        source = self._source.with_channels(channels)
        source = numbered_as(classes, source)
        _check_classes(network, source)
        with self._unreadable.explained():
            result, _ = evaluate_classifier(
                self._config,
                network,
                source,
                self._unreadable,
                source.labels,
                classes["class_names"],
            )
        count_all(self._unreadable)
        return {
            name.removeprefix("eval/"): float(value)
            for name, value in result.items()
            if isinstance(value, numbers.Real)
        }


def numbered_as(classes: dict, source: Source) -> Source:
    """The source to evaluate on, numbered as a run numbers its classes.

    Args:
      classes: The run's, see `Validation`.
      source: A `Source`.

    Raises:
      OtherClassesError: If it has a class that the run does not know.
    """
    names = classes["class_names"]
    if not names:
        return source
    written = classes["class_names_as_written"]
    if not classes.get(class_match.MAPPED_NAMES):
        source = class_match.without_numbers(source)
    return class_match.renumber(source, names, "The run", written)


def _check_classes(network, source):
    count = network.get_config()["num_classes"]
    if source.labels.max() >= count:
        raise ValueError(
            f"The evaluation split must have the {count} classes of the "
            f"network. Received: {source.name} of {source.num_classes}"
        )
