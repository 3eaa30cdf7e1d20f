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
from simclrv2_tf.data import class_match
from simclrv2_tf.data.class_gaps import check_no_gaps
from simclrv2_tf.data.class_match import OtherClassesError
from simclrv2_tf.data.classes import is_number
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.inference import exports
from simclrv2_tf.inference.evaluation import results
from simclrv2_tf.inference.evaluation.classifier_evaluation import (
    check_calibrated,
)
from simclrv2_tf.inference.evaluation.classifier_evaluation import (
    judge_classifier,
)
from simclrv2_tf.inference.evaluation.classifier_evaluation import (
    keep_calibration,
)
from simclrv2_tf.inference.evaluation.eval_batches import batches_of
from simclrv2_tf.inference.evaluation.eval_batches import spread_over
from simclrv2_tf.inference.evaluation.whole_checkpoints import WholeCheckpoints
from simclrv2_tf.inference.shared_images import warn_of_shared
from simclrv2_tf.models.features import features_of
from simclrv2_tf.models.weight_decay import decayed_by_loss
from simclrv2_tf.probing.nearest import knn_accuracy
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import weights
from simclrv2_tf.runs import weights_order

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
    _check_judged(config, eval_source)
    result = {}
    for prefix in checkpoints(config):
        result = evaluate_checkpoint(config, prefix, eval_source, source)
    return result


def _check_judged(config, eval_source):
    """Raises a ValueError where no label says what is right."""
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
        weights.is_named(config)
    ):
        yield weights.newest(config)
        return
    done = None
    present = WholeCheckpoints(config.model_dir)
    deadline = time.monotonic() + config.eval_timeout
    while distribution.from_chief(time.monotonic() < deadline):
        newest = present.newest()
        if not distribution.from_chief(newest not in (None, done)):
            if done and distribution.from_chief(_is_last(done)):
                return  # training has ended early
            time.sleep(POLL_SECONDS)
            continue
        done = present.newest()
        weights.warn_if_unused(config, done)
        yield done  # type: ignore[misc]  # one is there
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
      Dictionary with the original release's names and ours; see `Judgement`.
    """
    check_calibrated(config, prefix, eval_source)
    network = weights.load(config, prefix)
    channels = network.get_config()["channels"]
    eval_source = spread_over(config, eval_source.with_channels(channels))
    unreadable = UnreadableImages(eval_source, config.max_corrupt_fraction)
    with unreadable.explained():
        result, tables = _judged(
            config, prefix, network, eval_source, unreadable
        )
    if config.knn_k:
        source = source or inputs.open_source(config)
        source = weights_order.in_order_of(prefix, source)
        drawn_as = _numbers_of_draw(prefix, source)
        result |= _neighbours(config, network, eval_source, source, drawn_as)
    if not result:
        _LOG.warning(
            "nothing to evaluate: there is no trained classifier, or there "
            "are no labels; with labels, --knn_k=200 judges the features"
        )
    if unreadable.found:
        print(unreadable.summary(), flush=True)
        result["eval/unreadable_images"] = len(unreadable.found)
    result["eval/regularization_loss"] = _decay(config, network)
    if distribution.is_chief():
        _keep(config, prefix, eval_source, result, tables)
    return result


def _judged(config, prefix, network, eval_source, unreadable):
    """What a classifier comes to, and its tables; nothing where there is none.

    See `judge_classifier`.
    """
    labels = _labels(config, prefix, network, eval_source)
    if labels is None:
        _check_wanted(config, prefix, eval_source)
        return {}, {}
    names = weights.class_names(prefix) or eval_source.class_names
    return judge_classifier(
        config, network, eval_source, unreadable, labels, names
    )


def _keep(config, prefix, eval_source, result, tables):
    """Writes what an evaluation came to, and of which weights."""
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


def _can_judge(eval_source):
    """Whether there is an image whose class is known."""
    return bool(eval_source.num_classes and (eval_source.labels >= 0).any())


def _labels(config, prefix, network, eval_source):
    """Labels as the network numbers classes; None if it cannot be judged."""
    if network.supervised_head is None or not _can_judge(eval_source):
        return None
    if not weights.has_classifier(prefix):
        return None
    try:
        return _renumbered(prefix, network, eval_source).labels
    except OtherClassesError as error:
        if not config.knn_k:  # that needs no classifier
            raise
        _LOG.warning("the classifier is not judged. %s", error)
        return None


def _check_wanted(config, prefix, eval_source):
    if config.calibrate:
        raise ValueError(
            "`calibrate` needs a trained classifier, and labels of its "
            f"classes. Received: {prefix} and {eval_source.name}"
        )


def _renumbered(prefix, network, eval_source):
    if weights.class_names(prefix):
        return weights_order.renumbered(
            prefix, eval_source, "The network's run"
        )
    num_classes = network.get_config()["num_classes"]
    if num_classes != eval_source.num_classes:
        raise OtherClassesError(
            "The network and the data must have the same classes. Received: a "
            f"network of {num_classes} and {eval_source.name} of "
            f"{eval_source.num_classes} classes; with --knn_k=200 the "
            "features are judged, whatever the classes"
        )
    _check_numbers(eval_source)
    _tell_numbers(eval_source)
    return eval_source


def _check_numbers(eval_source):
    """Raises where a number that is missing would shift all after it."""
    try:
        check_no_gaps(eval_source)
    except ValueError as error:
        raise OtherClassesError(f"{error}") from None


def _tell_numbers(eval_source):
    """Says that names of the data are not those of a network's classes."""
    names = eval_source.class_names or ()
    if eval_source.numbered or all(map(is_number, names)):
        return
    _LOG.warning(
        "classes are matched by number, as the weights do not name them: %s "
        "has %s",
        eval_source.name,
        listed([f"{number} {name!r}" for number, name in enumerate(names)]),
    )


def check_labels(source: Source, eval_source: Source) -> None:
    """Raises a ValueError unless nearest neighbours can be judged."""
    for judged in (source, eval_source):
        if not (judged.labels >= 0).any():
            raise ValueError(
                "Nearest neighbours (--knn_k) are judged by labels. Received: "
                f"{judged.name}, which has none: give a data set with labels, "
                "or knn_k=0."
            )


def _numbers_of_draw(prefix, source):
    """By which a run drew the labels of classes that it has numbered so."""
    flags = weights.flags_of(prefix)
    same = source.class_names == tuple(flags.get("class_names") or ())
    return flags.get(inputs.DRAWN_AS) if same else None


def _neighbours(config, network, eval_source, source, drawn_as):
    """Accuracy of nearest neighbours among the labels that may be used."""
    check_labels(source, eval_source)
    known = source.class_names or ()
    if not source.numbered:  # by name, as an earlier run has it
        eval_source = class_match.without_numbers(eval_source)
    eval_source = class_match.renumber(eval_source, known, "The neighbours")
    allowed = inputs.labelled_examples(config, source, drawn_as)
    channels = network.get_config()["channels"]
    source = source.subset(allowed).with_channels(channels)
    warn_of_shared(source, eval_source, "nearest neighbours (--knn_k)")
    bank = _embedded(config, network, source)
    queries = _embedded(config, network, eval_source)
    accuracy = knn_accuracy(bank, queries, config.knn_k, config.knn_temperature)
    return {
        "eval/knn_accuracy": accuracy,
        "eval/knn_examples": int((queries[1] >= 0).sum()),
        "eval/knn_references": len(bank[1]),
    }


def _embedded(config, network, source):
    """Features and labels of a source."""
    unreadable = UnreadableImages(source, config.max_corrupt_fraction)
    batches = batches_of(config, network, source, unreadable)
    with unreadable.explained():
        features, numbers = features_of(network, batches)
    return features, source.labels[numbers]


def _decay(config, network):
    """The weight decay of the run's own optimizer, unless another is given."""
    config = weights.resolve_decay(config)
    decays = optimizers.decays_inside(config.optimizer)
    variables = decayed_by_loss(network, decays)
    squares = sum(float(tf.nn.l2_loss(v.value)) for v in variables)
    return config.weight_decay * squares
