"""The classifier of a job, a run or an export, ready to be asked."""

from __future__ import annotations

import os

from simclrv2_tf import hub
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.data.classes import names_or_numbers
from simclrv2_tf.export import Decoding
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.inference.classifier import Classifier
from simclrv2_tf.recipes import record
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_temperature
from simclrv2_tf.runs.average_of_job import exports_average
from simclrv2_tf.runs.start.decoding_choice import trained_with


def load_classifier(source: str | os.PathLike[str]) -> Classifier:
    """Loads a classifier from whatever holds one.

    Args:
      source: The directory of a job or of a run, an exported model, or
        anything else that `load_network` takes and that has a supervised head,
        "hf://USER/NAME" for one. Of a job that is not done the best run that
        is there so far is taken, and a warning names it.
        Of a run it is the trained weights; the average of them is loaded
        from an export, and of a job that exports it. Probabilities are at
        the temperature that `--calibrate` found for the weights, if any.

    Raises:
      ValueError: If there is no trained classifier.

    Example:
      >>> load_classifier("runs/mine").predict("cat.jpg").class_name
      'cat'
    """
    place = local(source)
    path = record.classifier_of(place)
    ema = record.is_job(place) and exports_average(path)
    path = _newest_of(path)
    weights_classes.check_classifier(path)
    network = hub.load_network(path, ema)
    count = network.get_config()["num_classes"]
    if not count:
        raise ValueError(
            f"Expected a network with a supervised head. Received: {path!r}, "
            "which has none: fine-tune it first."
        )
    names = names_or_numbers(count, weights_classes.class_names(path))
    decoding = (trained_with(path) or Decoding())._asdict()
    temperature = weights_temperature.temperature(path, ema)
    return Classifier(network, names, temperature=temperature, **decoding)


def _newest_of(path):
    """The prefix of a run's newest checkpoint that is whole; others as given.

    Network, names and temperature are then of one and the same.
    """
    if not run_directory.keeps_checksums(path):
        return path
    return run_directory.latest_valid(path)
