"""The split that a job is evaluated on where none is named."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import is_tfds
from simclrv2_tf.data.splits import TEST
from simclrv2_tf.data.splits import VALIDATION
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.splits import choose_split
from simclrv2_tf.recipes import record
from simclrv2_tf.runs import inputs


class EvaluationSplit(NamedTuple):
    """An evaluation split.

    Attributes:
      source: Its `Source`, None for no such split.
      split: Its name.
    """

    source: Source | None
    split: str


def find(config: Config, train: Source) -> EvaluationSplit:
    """The evaluation split that a config names, or one that stands in for it.

    A single run reads the splits of TFDS data sets by their own names alone.
    A job takes "test" where there is no "validation", as it does of folders.

    Args:
      config: The job's `Config`.
      train: The `Source` to train on.

    Raises:
      NoSplitError: If a split that is asked for is not there.
    """
    plain = dataclasses.replace(config, holdout_fraction=None)
    source = inputs.evaluation_if_there(plain)
    if source is None and _may_stand_in(config, train):
        split = _likeliest(config)
        if split is not None:
            source = inputs.open_source(plain, split, "eval_split")
            return EvaluationSplit(source, split)
    return EvaluationSplit(source, config.eval_split)


def passed_over(config: Config, chosen: EvaluationSplit) -> list[str]:
    """A sentence about splits of a TFDS data set that a job does not read.

    Args:
      config: The job's `Config`.
      chosen: What `find` gave.
    """
    if not is_tfds(config.dataset):
        return []
    read = _names_in(config.train_split)
    if chosen.source is not None:  # a test split may well be for later
        read |= {*_names_in(chosen.split), *TEST}
    idle = [n for n in inputs.split_names(config) if n not in read]
    if not idle or "all" in read:
        return []
    said = "passed over, beside the splits to train and evaluate on: "
    return [f"{said}{', '.join(idle)}{_command(config, idle)}"]


def _command(config, idle):
    """How to train on the images of splits that are not for evaluation."""
    more = [name for name in idle if name not in (*TEST, *VALIDATION)]
    if not more:
        return ""
    splits = "+".join((config.train_split, *more))
    return f"; --train_split={splits} trains on the images there too"


def _may_stand_in(config, train):
    """Whether nothing says what to evaluate on, or that nothing is.

    A job that has begun goes on as it began: an earlier version set images
    aside.
    """
    if "eval_split" in config.given or config.holdout_fraction:
        return False
    if not (train.labels >= 0).any():
        return False
    begun = record.read_job(config.model_dir).get("data")
    if begun is None:
        return True
    return bool(begun.get("evaluation")) and (
        begun["examples"] == train.num_examples
    )


def _likeliest(config):
    """The split that means evaluation, None for none that is not trained on."""
    known = inputs.split_names(config)
    try:
        split, _ = choose_split(known, config.eval_split, config.dataset)
    except NoSplitError:
        return None
    trained = _names_in(config.train_split)
    return None if split in trained or "all" in trained else split


def _names_in(split):
    """Names of the splits in one that may be a sum, without their slices."""
    return {part.partition("[")[0].strip() for part in split.split("+")}
