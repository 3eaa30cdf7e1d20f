"""Evaluates a run's checkpoints and writes down what comes of it."""

import dataclasses
import logging
import os
import time

import numpy as np
import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.data import label_subset as labelling
from simclrv2_tf.data import pipeline
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.inference import exports
from simclrv2_tf.inference import metrics
from simclrv2_tf.runs import build
from simclrv2_tf.runs import class_names
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.train import open_source

POLL_SECONDS = 1.0  # between looks for a new checkpoint

_DECAY = ("optimizer", "weight_decay")  # what the loss of decay depends on
_LOG = logging.getLogger("simclrv2_tf")


def follow(config, source=None, eval_source=None):
    """Evaluates the newest checkpoint, then those that come in time.

    Args:
      config: A `Config`.
      source: A `Source` whose images are the known neighbours, in place of
        the config's training split.
      eval_source: A `Source` to evaluate on, in place of the config's.

    Returns:
      What `evaluate_checkpoint` found last.
    """
    if not config.eval_timeout:
        weights.newest(config)  # or the error that there is none, first of all
    eval_source = eval_source or open_source(config, config.eval_split)
    result = {}
    for prefix in checkpoints(config):
        result = evaluate_checkpoint(config, prefix, eval_source, source)
    return result


def checkpoints(config):
    """Yields the newest checkpoint, and newer ones as they come.

    Without `eval_timeout` the newest alone. With it a run that is still
    training is waited for: so many seconds for each checkpoint, the first
    too, until that of the run's last step. The original release, which has
    no such flag, waits for ever.
    """
    if not (config.eval_timeout and config.model_dir):
        yield weights.newest(config)
        return
    done = None
    deadline = time.monotonic() + config.eval_timeout
    while distribution.from_chief(time.monotonic() < deadline):
        found = run_directory.latest(config.model_dir)
        if not distribution.from_chief(found not in (None, done)):
            time.sleep(POLL_SECONDS)
            continue
        done = run_directory.latest(config.model_dir)
        yield done
        if _is_last(done):
            return
        deadline = time.monotonic() + config.eval_timeout
    if done is None:
        yield weights.newest(config)  # or the error that there is none


def _is_last(prefix):
    planned = weights.flags_of(prefix).get("planned_steps")
    return planned is not None and run_directory.step_of(prefix) >= planned


def evaluate_checkpoint(config, prefix, eval_source, source=None):
    """Evaluates one checkpoint and writes its result files and events.

    Args:
      config: A `Config`.
      prefix: Of a checkpoint, or any that `load_network` takes.
      eval_source: A `Source` to evaluate on.
      source: The known neighbours, see `follow`.

    Returns:
      Dictionary with the original release's names and ours.
    """
    network = weights.load(config, prefix)
    channels = network.get_config()["channels"]
    eval_source = eval_source.with_channels(channels)
    batches, corrupt = _batches(config, network, eval_source, config.eval_steps)
    result = {}
    with corrupt.explained():
        if _classifies(config, prefix, network, eval_source):
            counted = metrics.classification_accuracy(
                network, batches, eval_source.labels
            )
            result |= {f"eval/{name}": v for name, v in counted.items()}
    if config.knn_k:
        result |= _neighbours(config, network, eval_source, source)
    if not result:
        _LOG.warning(
            "nothing to evaluate: there is no trained classifier, or there "
            "are no labels; with labels, --knn_k=200 judges the features"
        )
    if corrupt.found:
        print(corrupt.summary(), flush=True)
        result["eval/unreadable_images"] = len(corrupt.found)
    result["eval/regularization_loss"] = _decay(config, network)
    if distribution.is_chief():
        _note(config, result, exports.step_of(prefix))
    return result


def _classifies(config, prefix, network, eval_source):
    """Whether there are both labels and a classifier trained for them."""
    if network.supervised_head is None or not eval_source.num_classes:
        return False
    if not weights.has_classifier(prefix):
        return False
    classes_held = network.get_config()["num_classes"]
    if classes_held != eval_source.num_classes:
        if config.knn_k:  # that needs no classifier
            return False
        raise ValueError(
            "The network and the data must have the same classes. Received: a "
            f"network of {classes_held} and {eval_source.name} of "
            f"{eval_source.num_classes} classes; with --knn_k=200 the "
            "features are judged, whatever the classes"
        )
    class_names.check_same(
        class_names.class_names(prefix), eval_source, "The network's run"
    )
    return True


def check_labels(source, eval_source):
    """Raises a ValueError unless nearest neighbours can be judged."""
    for held in (source, eval_source):
        if not (held.labels >= 0).any():
            raise ValueError(
                "Nearest neighbours (--knn_k) are judged by labels. Received: "
                f"{held.name}, which has none: give a data set with labels, "
                "or knn_k=0."
            )


def _neighbours(config, network, eval_source, source):
    """Accuracy of nearest neighbours among the labels that may be used."""
    source = source or open_source(config)
    check_labels(source, eval_source)
    used = labelling.choose_labels(
        source.labels,
        config.label_fraction,
        config.labels_per_class,
        config.label_seed,
        source.class_names,
    )
    channels = network.get_config()["channels"]
    source = source.subset(used).with_channels(channels)
    bank = _embedded(config, network, source)
    asked = _embedded(config, network, eval_source, config.eval_steps)
    accuracy = metrics.knn_accuracy(
        bank, asked, config.knn_k, config.knn_temperature
    )
    return {
        "eval/knn_accuracy": accuracy,
        "eval/knn_examples": int((asked[1] >= 0).sum()),
        "eval/knn_references": len(bank[1]),
    }


def _embedded(config, network, source, steps=0):
    """Features and labels of a source."""
    batches, corrupt = _batches(config, network, source, steps)
    with corrupt.explained():
        features, numbers = metrics.features(network, batches)
    return features, source.labels[numbers]


def _batches(config, network, source, steps=0):
    """This worker's share of the first `steps` batches, 0 for all.

    Returns:
      The batches, and `UnreadableImages` of what cannot be read of them.
    """
    workers, worker = distribution.worker_share()
    if steps:
        first = min(steps * config.eval_batch_size, source.num_examples)
        source = source.subset(np.arange(first))
    share = -(-config.eval_batch_size // workers)
    size = network.get_config()["image_size"]
    corrupt = UnreadableImages(source, config.max_corrupt_fraction)
    batches = pipeline.eval_dataset(
        source, share, size, workers, worker, corrupt
    )
    return batches, corrupt


def _decay(config, network):
    """The weight decay of the run's own optimizer, unless another is given."""
    before = model_dir.read_flags(config.model_dir) if config.model_dir else {}
    names = [n for n in _DECAY if n in before and n not in config.given]
    config = dataclasses.replace(config, **{n: before[n] for n in names})
    variables = build.decayed_by_loss(config, network)
    squares = sum(float(tf.nn.l2_loss(v.value)) for v in variables)
    return config.weight_decay * squares


def _note(config, result, step):
    """Prints a result, and keeps it in the run's directory if there is one."""
    pairs = (f"{name} {value:.6g}" for name, value in result.items())
    print("evaluation  " + "  ".join(pairs), flush=True)
    if not config.model_dir:
        return
    tf.io.gfile.makedirs(config.model_dir)
    model_dir.write_result(config.model_dir, result, step, config.eval_name)
    suffix = f"_{config.eval_name}" if config.eval_name else ""
    events = os.path.join(config.model_dir, f"eval{suffix}")
    writer = tf.summary.create_file_writer(events)
    with writer.as_default(step=step):
        for name, value in result.items():
            tf.summary.scalar(name, float(value))
    writer.close()
