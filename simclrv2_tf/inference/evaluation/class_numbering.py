"""The labels of an evaluation, as the network numbers its classes."""

from __future__ import annotations

import logging

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data.class_gaps import check_no_gaps
from simclrv2_tf.data.class_match import OtherClassesError
from simclrv2_tf.data.classes import is_number
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import Source
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_order

_LOG = logging.getLogger("simclrv2_tf")


def network_labels(
    config: Config, prefix: str, network: Network, source: Source
) -> np.ndarray | None:
    """The labels of a data set that a network's classifier is evaluated on.

    Args:
      config: A `Config`.
      prefix: Of the network's weights.
      network: A `Network`.
      source: A `Source`.

    Returns:
      int (examples,), numbered by the network, -1 without a label. None where
      there is no trained classifier or no label, and, with `knn_k`, where
      the classes are others.

    Raises:
      OtherClassesError: If the classes are others.
    """
    if network.supervised_head is None or not _has_labels(source):
        return None
    if not weights_classes.has_classifier(prefix):
        return None
    try:
        return in_network_order(prefix, network, source).labels
    except OtherClassesError as error:
        if not config.knn_k:  # that needs no classifier
            raise
        _LOG.warning("the classifier is not evaluated. %s", error)
        return None


def _has_labels(source):
    """Whether there is an image whose class is known."""
    return bool(source.num_classes and (source.labels >= 0).any())


def in_network_order(prefix: str, network: Network, source: Source) -> Source:
    """A data set with its classes numbered as the network numbers them.

    They are matched by name, or by number where the weights do not name them.

    Args:
      prefix: Of the network's weights.
      network: A `Network` with a supervised head.
      source: A `Source`.

    Raises:
      OtherClassesError: If the classes are others.
    """
    if weights_classes.class_names(prefix):
        return weights_order.renumbered(prefix, source, "The network's run")
    num_classes = network.get_config()["num_classes"]
    if num_classes != source.num_classes:
        raise OtherClassesError(
            "The network and the data must have the same classes. Received: a "
            f"network of {num_classes} and {source.name} of "
            f"{source.num_classes} classes; with --knn_k=200 the "
            "features are judged, whatever the classes"
        )
    _check_numbers(source)
    _warn_of_names(source)
    return source


def _check_numbers(source):
    """Raises where a number that is missing would shift all after it."""
    try:
        check_no_gaps(source)
    except ValueError as error:
        raise OtherClassesError(f"{error}") from None


def _warn_of_names(source):
    """Says that names of the data are not those of a network's classes."""
    names = source.class_names or ()
    if source.numbered or all(map(is_number, names)):
        return
    _LOG.warning(
        "classes are matched by number, as the weights do not name them: %s "
        "has %s",
        source.name,
        listed([f"{number} {name!r}" for number, name in enumerate(names)]),
    )
