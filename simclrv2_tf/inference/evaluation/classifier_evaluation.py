"""A network's classifier on a data set, with its temperature if asked for."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from simclrv2_tf.config import Config
from simclrv2_tf.data.classes import names_or_numbers
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.unreadable import UnreadableImages
from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.inference.evaluation import calibration
from simclrv2_tf.inference.evaluation import metrics
from simclrv2_tf.inference.evaluation.eval_batches import batches_of
from simclrv2_tf.inference.evaluation.eval_batches import spread_over
from simclrv2_tf.inference.evaluation.evaluation_report import EvaluationReport
from simclrv2_tf.inference.evaluation.evaluation_report import evaluation_report
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs import weights_given
from simclrv2_tf.runs import weights_temperature


def evaluate_classifier(
    config: Config,
    network: Network,
    source: Source,
    unreadable: UnreadableImages,
    labels: np.ndarray,
    names: Sequence[str] | None,
) -> EvaluationReport:
    """Evaluates a classifier on every labelled example.

    Args:
      config: A `Config`.
      network: A `Network` with a supervised head.
      source: A `Source`.
      unreadable: Counts what cannot be read of it.
      labels: int (examples,), as the network numbers classes.
      names: Of these classes; their numbers unless they are as many.
    """
    count = network.get_config()["num_classes"]
    names = names_or_numbers(count, names)
    batches = functools.partial(batches_of, config, network, source, unreadable)
    if not config.calibrate:
        answers = metrics.answers_of(network, batches(), labels)
        return evaluation_report(answers, names)
    fitted = calibration.calibrate(network, batches, labels)
    answers = metrics.answers_of(
        network, batches(), labels, temperature=fitted.temperature
    )
    return evaluation_report(answers, names, fitted)


def check_calibration(config: Config, source: Source) -> None:
    """Raises a ValueError if a temperature is asked for without labels."""
    if config.calibrate:
        calibration.check(spread_over(config, source))


def check_calibrated(config: Config, prefix: str, source: Source) -> None:
    """Raises a ValueError if a checkpoint cannot have a temperature."""
    if not config.calibrate:
        return
    check_calibration(config, source)
    own = weights_given.is_of_the_run(config, prefix)
    if not config.model_dir or (prefix == config.checkpoint and not own):
        raise ValueError(
            "`calibrate` finds the temperature of a run's own checkpoint: give "
            f"the run as --model_dir. Received: the weights {prefix!r}"
        )


def keep_calibration(
    prefix: str, source: Source, result: dict, ema: bool = False
) -> None:
    """Writes a temperature down, where whatever uses the weights looks.

    Args:
      prefix: Of the run's checkpoint.
      source: The `Source` that was evaluated on.
      result: See `EvaluationReport`.
      ema: Whether the average of the weights was evaluated.
    """
    figures = result["calibration"].items()
    kept = {k: v for k, v in figures if not k.startswith("reliability")}
    kept |= {"data": source.name, "ema": ema}
    write_json(weights_temperature.calibration_file(prefix), kept)
    print(
        f"temperature {kept['temperature']:.4g}, fitted to {kept['fitted_on']} "
        f"labels; expected calibration error on {kept['judged_on']} others: "
        f"{kept['error_before']:.4f} before, {kept['error_after']:.4f} after",
        flush=True,
    )
