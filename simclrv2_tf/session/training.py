"""Training, with the evaluation of what was trained."""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.inference import evaluate
from simclrv2_tf.inference.evaluation.classifier_evaluation import (
    check_calibration,
)
from simclrv2_tf.inference.evaluation.knn_evaluation import check_labels
from simclrv2_tf.inference.evaluation.validation import Validation
from simclrv2_tf.inference.evaluation.validation import numbered_as
from simclrv2_tf.recipes.choices import best_by_folds
from simclrv2_tf.runs import inputs
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.interruption import Interruption
from simclrv2_tf.runs.train import train

_LOG = logging.getLogger("simclrv2_tf")


def train_network(
    config: Config,
    source: Source | None,
    eval_source: Source | None,
    interruption: Interruption | None,
    callbacks: Sequence[keras.callbacks.Callback],
) -> dict[str, Any]:
    """Trains, and evaluates meanwhile where the best or a stop depends on it.

    Args:
      config: A `Config`.
      source: A `Source` to train on, None for the config's.
      eval_source: A `Source` to evaluate on, None for the config's.
      interruption: See `session.run`.
      callbacks: See there.

    Returns:
      The last metrics of training, and the network's "parameters".
    """
    evaluate_network: Callable[..., Any] | None = None
    check_classes: Callable[..., Any] | None = None
    if config.best_folds:
        evaluate_network = best_by_folds.evaluation(
            config, source, interruption
        )
    elif config.patience or config.export_best:
        eval_source = eval_source or inputs.open_evaluation(config)
        evaluate_network = Validation(config, eval_source)
    if eval_source is not None and not config.knn_k:
        check_classes = functools.partial(numbered_as, source=eval_source)
    trained = train(
        config,
        source,
        interruption,
        callbacks,
        evaluate_network,
        check_classes,
    )
    return {**trained.metrics, "parameters": trained.parameters}


def train_then_evaluate(
    config: Config,
    source: Source | None,
    eval_source: Source | None,
    interruption: Interruption | None,
    callbacks: Sequence[keras.callbacks.Callback],
) -> dict[str, Any]:
    """Trains, then evaluates the newest checkpoint, and the best one.

    The evaluation split is opened first, so that a wrong one fails at once.
    For the arguments see `train_network`.

    Returns:
      The results of both; those of the best checkpoint as "best".

    Raises:
      ValueError: If nothing can be evaluated.
    """
    eval_source = eval_source or inputs.open_evaluation(config)
    if config.knn_k:
        source = source or inputs.open_source(config)
        check_labels(source, eval_source)
    check_calibration(config, eval_source)
    result = train_network(config, source, eval_source, interruption, callbacks)
    result |= evaluate.evaluate_checkpoint(
        config, weights.newest(config), eval_source, source
    )
    if config.export_best:
        result["best"] = _evaluate_best(config, eval_source, source)
    return result


def _evaluate_best(config, eval_source, source):
    """The best checkpoint's evaluation, in files of its own."""
    if not config.best_folds:
        _LOG.warning(
            "the best checkpoint was chosen by the images that it is evaluated "
            "on, so that its figures are too good: --best_folds chooses "
            "without them, another --eval_split judges it"
        )
    name = f"{config.eval_name}_best" if config.eval_name else "best"
    # Of the weights that were compared, and are exported.
    average = config.eval_ema or config.export_ema
    config = dataclasses.replace(config, eval_name=name, eval_ema=average)
    return evaluate.evaluate_checkpoint(
        config, weights.best(config), eval_source, source
    )
