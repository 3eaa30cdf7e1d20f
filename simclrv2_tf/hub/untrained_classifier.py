"""Classifiers that training left as they were initialised."""

from __future__ import annotations

import dataclasses
import os

from simclrv2_tf.checkpoints import flags_beside
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.checkpoints.any_format import Weights
from simclrv2_tf.checkpoints.arrays import Arrays
from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.hub import snapshots

SENTENCE = (
    "the classifier was never trained (pretrained with "
    "lineareval_while_pretraining=False, or without labels) and is left out"
)
_CLASSIFIER = "head_supervised/"


def is_untrained(source: str | os.PathLike[str]) -> bool:
    """Whether weights are of a run that did not train its classifier.

    Args:
      source: See `hub.load_network`.

    Raises:
      ValueError: If the files beside it cannot be read.
    """
    path = snapshots.local(source)
    with file_errors(path):
        flags = flags_beside.of_checkpoint(path)
    return flags_beside.leave_classifier(flags)


def leave_out(weights: Weights, source: str | os.PathLike[str]) -> Weights:
    """The weights without a classifier that their run never trained.

    Args:
      weights: Those of the source.
      source: See `hub.load_network`.

    Returns:
      The same weights where there is none; else a note says what is missing.
    """
    if not weights.arguments["num_classes"] or not is_untrained(source):
        return weights
    notes = (*weights.notes, SENTENCE)
    return dataclasses.replace(without(weights), notes=notes)


def without(weights: Weights) -> Weights:
    """The same weights and their average, without a classifier."""
    return dataclasses.replace(
        weights,
        arrays=_without(weights.arrays),
        momentum=_without(weights.momentum),
        arguments={**weights.arguments, "num_classes": 0},
    )


def _without(arrays: Arrays) -> Arrays:
    return arrays.renamed({n: n for n in arrays if not is_part(n)})


def is_part(name: str) -> bool:
    """Whether a variable, or its average, is a classifier's."""
    return name.removeprefix(tf1.EMA).startswith(_CLASSIFIER)
