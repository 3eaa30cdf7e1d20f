"""What a run's checkpoints are compared by, and whether that has changed."""

from __future__ import annotations

import logging
from typing import Any

from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import moved_data
from simclrv2_tf.runs.best_checkpoint import Best
from simclrv2_tf.runs.training_run import TrainingRun

USUAL_METRIC = "label_top_1_accuracy"
DATA = "data"
RENAMED = "renamed_data"  # the same in a directory of another name
_WORDS = {
    DATA: "other images or labels",
    "best_folds": "best_folds={} (was {})",
    "averaged": "averaged weights: {} (was {})",
}
_LOG = logging.getLogger("simclrv2_tf")


def metric_of(run: TrainingRun) -> str:
    """Name of the metric that checkpoints are compared by."""
    return run.config.export_best or USUAL_METRIC


def judges_average(run: TrainingRun) -> bool:
    """Whether the average of the weights is compared: what is exported."""
    config = run.config
    wanted = config.export_ema if config.export_best else config.eval_ema
    return bool(wanted and run.stage.average)


def measured_on(run: TrainingRun) -> dict[str, Any]:
    """What evaluations of a run are made on, for `Best`.

    Args:
      run: A `TrainingRun` with an evaluation. One that looks at images has
        them as its `source`; of another the data are None.
    """
    source = getattr(run.evaluate, "source", None)
    return {
        **_images_of(source),
        "best_folds": run.config.best_folds,
        "averaged": judges_average(run),
    }


def _images_of(source):
    """Both fingerprints of the images, None for what is not known."""
    if source is None:
        return {DATA: None, RENAMED: None}
    return {
        DATA: moved_data.fingerprint_anywhere(source),
        RENAMED: moved_data.fingerprint_renamed(source),
    }


def differences(best: Best, now: dict[str, Any]) -> list[str]:
    """What evaluations are made on now, other than the best one was.

    Args:
      best: The best so far; one of an earlier version does not say.
      now: See `measured_on`.

    Returns:
      Sentences, [] where the two can be compared as far as is known.
    """
    before = best.measured_on or {}
    return [
        words.format(now[name], before[name])
        for name, words in _WORDS.items()
        if _differs(name, before, now)
    ]


def _differs(name, before, now):
    """Whether both are known and not the same.

    Data that are not the same by one fingerprint may be so by the other.
    """
    if None in (before.get(name), now.get(name)) or before[name] == now[name]:
        return False
    renamed = before.get(RENAMED)
    return name != DATA or renamed is None or renamed != now.get(RENAMED)


def counts(best: Best, metric: str, now: dict[str, Any]) -> bool:
    """Whether the best so far can be compared with evaluations of now."""
    return best.metric == metric and not differences(best, now)


def warn_if_changed(run: TrainingRun) -> None:
    """Warns where evaluations so far cannot be compared with those to come.

    Args:
      run: A `TrainingRun` that goes on; its `flags.json` is still that of the
        calls before.
    """
    if run.evaluate is None or not run.progress.step:
        return
    if run.progress.best is None:
        _warn_if_new(run)
        return
    best, metric = run.progress.best, metric_of(run)
    changes = differences(best, measured_on(run))
    if metric != best.metric:
        changes = [f"by {metric} (was {best.metric})", *changes]
    if changes:
        _LOG.warning(
            "THE EVALUATION HAS CHANGED since step %d: %s. The best so far, "
            "%.6g at step %d, cannot be compared with what comes: the best is "
            "chosen, and --patience counts, anew from here on. Give the former "
            "flags to go on with it.",
            run.progress.step,
            ", ".join(changes),
            best.value,
            best.step,
        )


def _warn_if_new(run):
    """Earlier checkpoints were not evaluated, where none was asked for."""
    before, config = model_dir.read_flags(run.config.model_dir), run.config
    names = ("export_best", "patience")
    compares = any(getattr(config, name) for name in names)
    if before and compares and not any(before.get(name) for name in names):
        _LOG.warning(
            "CHECKPOINTS ARE COMPARED from step %d on alone: those before were "
            "not evaluated, as neither --export_best nor --patience was given.",
            run.progress.step,
        )
