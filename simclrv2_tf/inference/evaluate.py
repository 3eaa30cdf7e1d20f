"""Evaluates a run's checkpoints: the newest, or each one as it comes."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf import optimizers
from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.inference import exports
from simclrv2_tf.inference.evaluation import results
from simclrv2_tf.inference.evaluation.class_numbering import network_labels
from simclrv2_tf.inference.evaluation.classifier_evaluation import (
    check_calibrated,
)
from simclrv2_tf.inference.evaluation.classifier_evaluation import (
    evaluate_classifier,
)
from simclrv2_tf.inference.evaluation.classifier_evaluation import (
    keep_calibration,
)
from simclrv2_tf.inference.evaluation.eval_batches import spread_over
from simclrv2_tf.inference.evaluation.knn_evaluation import evaluate_neighbours
from simclrv2_tf.inference.evaluation.whole_checkpoints import WholeCheckpoints
from simclrv2_tf.inference.unreadable_of_workers import count_all
from simclrv2_tf.inference.unreadable_of_workers import say
from simclrv2_tf.models.weight_decay import decayed_by_loss
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_classes
from simclrv2_tf.runs import weights_given

POLL_SECONDS = 1.0  # between looks for a new checkpoint
_LOG = logging.getLogger("simclrv2_tf")


def follow(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> dict:
    """Evaluates the newest checkpoint, then those that come in time.

    Args:
      config: A `Config`.
      source: A `Source` whose images are the known neighbours, in place of
        the config's training split.
      eval_source: A `Source` to evaluate on, in place of the config's.

    Returns:
      The result of the last checkpoint, see `evaluate_checkpoint`.

    Raises:
      ValueError: If the images have no label.
    """
    if not config.eval_timeout:
        weights.newest(config)  # or the error that there is none, first of all
    eval_source = eval_source or inputs.open_evaluation(config)
    _check_labelled(config, eval_source)
    result = {}
    for prefix in checkpoints(config):
        result = evaluate_checkpoint(config, prefix, eval_source, source)
    return result


def _check_labelled(config, eval_source):
    """Raises a ValueError where no image has a label."""
    if config.knn_k or config.calibrate:  # refused by their own sentences
        return
    if not (eval_source.labels >= 0).any():
        raise ValueError(
            f"Evaluation needs labelled examples, and {eval_source.name} has "
            "none: give an --eval_split or a --dataset that has labels; "
            "--mode=predict needs none."
        )


def checkpoints(config: Config) -> Iterator[str]:
    """Yields the newest checkpoint, and newer ones as they come.

    Without `eval_timeout` the newest alone. With it a run that is still
    training is waited for: so many seconds for each checkpoint, the first
    too, until that of the run's last step. The original release, which has
    no such flag, waits for ever. A damaged one counts as not there.
    """
    if not (config.eval_timeout and config.model_dir) or (
        weights_given.of_the_run(config)
    ):
        yield weights.newest(config)
        return
    done = None
    present = WholeCheckpoints(config.model_dir)
    deadline = time.monotonic() + config.eval_timeout
    while distribution.from_chief(time.monotonic() < deadline):
        newest = present.newest()
        if newest is None or newest == done:
            if done and distribution.from_chief(_is_last(done)):
                return  # training has ended early
            time.sleep(POLL_SECONDS)
            continue
        done = newest
        weights_given.warn_if_unused(config, done)
        yield done
        if distribution.from_chief(_is_last(done)):
            return
        deadline = time.monotonic() + config.eval_timeout
    if done is None:
        yield weights.newest(config)  # or the error that there is none


def _is_last(prefix):
    planned = weights.flags_of(prefix).get("planned_steps")
    return planned is not None and run_directory.step_of(prefix) >= planned


def evaluate_checkpoint(
    config: Config,
    prefix: str,
    eval_source: Source,
    source: Source | None = None,
) -> dict:
    """Evaluates one checkpoint and writes its result files and events.

    Args:
      config: A `Config`.
      prefix: Of a checkpoint, or any that `load_network` takes.
      eval_source: A `Source` to evaluate on.
      source: The known neighbours, see `follow`.

    Returns:
      Dictionary with the original release's names and ours; see
      `EvaluationReport`.
    """
    check_calibrated(config, prefix, eval_source)
    network = weights.load(config, prefix)
    channels = network.get_config()["channels"]
    eval_source = spread_over(config, eval_source.with_channels(channels))
    unreadable = UnreadableImages(eval_source, config.max_corrupt_fraction)
    with unreadable.explained():
        result, tables = _of_classifier(
            config, prefix, network, eval_source, unreadable
        )
    count_all(unreadable)
    if config.knn_k:
        result |= evaluate_neighbours(
            config, prefix, network, eval_source, source
        )
    if not result:
        _LOG.warning(
            "nothing to evaluate: there is no trained classifier, or there "
            "are no labels; with labels, --knn_k=200 judges the features"
        )
    say(unreadable)
    if unreadable.numbers:
        result["eval/unreadable_images"] = len(unreadable.numbers)
    result["eval/regularization_loss"] = _decay(config, network)
    if distribution.is_chief():
        _keep(config, prefix, eval_source, result, tables)
    return result


def _of_classifier(config, prefix, network, eval_source, unreadable):
    """The report of a classifier; an empty one where there is none.

    See `evaluate_classifier`.
    """
    labels = network_labels(config, prefix, network, eval_source)
    if labels is None:
        _check_wanted(config, prefix, eval_source)
        return {}, {}
    names = weights_classes.class_names(prefix) or eval_source.class_names
    return evaluate_classifier(
        config, network, eval_source, unreadable, labels, names
    )


def _keep(config, prefix, eval_source, result, tables):
    """Writes the result of an evaluation, and of which weights it is."""
    ema = weights.takes_average(config, prefix)
    results.report(
        result,
        exports.step_of(prefix),
        config.model_dir,
        config.eval_name,
        tables,
        eval_source.name,
        ema,
    )
    if config.calibrate:
        keep_calibration(prefix, eval_source, result, ema)


def _check_wanted(config, prefix, eval_source):
    if config.calibrate:
        raise ValueError(
            "`calibrate` needs a trained classifier, and labels of its "
            f"classes. Received: {prefix} and {eval_source.name}"
        )


def _decay(config, network):
    """The weight decay of the run's own optimizer, unless another is given."""
    config = weights.resolve_decay(config)
    decays = optimizers.decays_inside(config.optimizer)
    variables = decayed_by_loss(network, decays)
    squares = sum(float(tf.nn.l2_loss(v.value)) for v in variables)
    return config.weight_decay * squares
