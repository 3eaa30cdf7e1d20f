"""Checks of the options that evaluate a classifier and compare checkpoints."""

import os
import re
from typing import Any

from simclrv2_tf.config.recipe_options import is_for_a_job

# Names of the files of a step, and of the best checkpoint's evaluation.
_TAKEN = re.compile(r"[0-9]+|best(_[0-9]+)?")


def check_class_weights(config: Any) -> None:
    """Raises a ValueError for class weights where nothing is fine-tuned."""
    job = is_for_a_job(config)
    tunes = config.train_mode == "finetune" and not job
    if config.class_weights == "none" or tunes:
        return
    option = "finetune.class_weights" if job else "train_mode"
    raise ValueError(
        "`class_weights` weighs the labelled images of fine-tuning: give "
        f"{option}={'balanced' if job else 'finetune'}, or leave it out. "
        f"Received: class_weights={config.class_weights!r}, "
        f"train_mode={config.train_mode!r}"
    )


def check_eval_name(config: Any) -> None:
    """Raises a ValueError for a name that no file of results can have."""
    name = config.eval_name
    if name and (os.path.basename(name) != name or "\0" in name):
        raise ValueError(
            "`eval_name` must be part of a file's name, without slashes. "
            f"Received: eval_name={name!r}"
        )
    # The evaluation of the best checkpoint has its name from us.
    if name and "eval_name" in config.given and _TAKEN.fullmatch(name):
        raise ValueError(
            "`eval_name` must not name the files of a step, result_STEP.json, "
            "or of the best checkpoint, result_best.json: give another "
            f"name, 'night' say. Received: eval_name={name!r}"
        )


def check_calibrate(config: Any) -> None:
    """Raises a ValueError where no temperature can be fitted."""
    evaluates = config.mode in ("eval", "train_then_eval")
    if config.calibrate and not (evaluates or is_for_a_job(config)):
        raise ValueError(
            "`calibrate` fits a temperature where a run is evaluated: give "
            "mode='eval' or 'train_then_eval'; exports and predictions of the "
            f"run then take it by themselves. Received: mode={config.mode!r}"
        )
    if config.calibrate and config.eval_split == config.train_split:
        raise ValueError(
            "`calibrate` fits a temperature to images that training did not "
            "see: give another eval_split, such as 'holdout' with "
            f"holdout_fraction. Received: eval_split={config.eval_split!r}, "
            f"train_split={config.train_split!r}"
        )


def check_best(config: Any) -> None:
    """Raises a ValueError where pretraining would compare classifiers."""
    pretrains = config.train_mode == "pretrain" and "train" in config.mode
    options = [n for n in ("patience", "export_best") if getattr(config, n)]
    if pretrains and options:
        raise ValueError(
            f"`{options[0]}` compares checkpoints of a classifier: give "
            "train_mode='finetune' or 'distill', or leave it out. Received: "
            f"{options[0]}={getattr(config, options[0])}, "
            "train_mode='pretrain'"
        )


def check_folds(config: Any) -> None:
    """Raises a ValueError where cross-validation has nothing to compare."""
    if not config.best_folds:
        return
    job = is_for_a_job(config)
    if job or config.train_mode != "finetune":
        option = "finetune.best_folds" if job else "train_mode"
        raise ValueError(
            "`best_folds` leaves labels out of fine-tuning: give "
            f"{option}={config.best_folds if job else 'finetune'}, or leave "
            f"it out. Received: best_folds={config.best_folds}, "
            f"train_mode={config.train_mode!r}"
        )
    if not (config.export_best or config.patience):
        raise ValueError(
            "`best_folds` says how checkpoints are compared: give export_best "
            "or patience too, or leave it out. Received: best_folds="
            f"{config.best_folds}"
        )
