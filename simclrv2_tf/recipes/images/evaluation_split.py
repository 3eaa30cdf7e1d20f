"""The split that a job is evaluated on where none is named."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shlex
from typing import NamedTuple

import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.data.source import Source
from simclrv2_tf.data.sources import is_tfds
from simclrv2_tf.data.sources.split_files import TEMPLATE
from simclrv2_tf.data.splits import TEST
from simclrv2_tf.data.splits import TRAIN
from simclrv2_tf.data.splits import VALIDATION
from simclrv2_tf.data.splits import NoSplitError
from simclrv2_tf.data.splits import choose_split
from simclrv2_tf.data.splits import names_in
from simclrv2_tf.recipes import record
from simclrv2_tf.runs import inputs

_NAMED_FILES = ("tar", "tfrecord", "parquet")  # whose names tell the split
_FILES = (*_NAMED_FILES, "csv", "npz")


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
    """A sentence about splits of a data set that a job does not read.

    Folders tell of theirs by themselves, and parts of `concat:` are named one
    by one.

    Args:
      config: The job's `Config`.
      chosen: What `find` gave.
    """
    if _kind(config) not in _FILES and not is_tfds(config.dataset):
        return []
    known = inputs.split_names(config)
    read = _read_of(config, known, config.train_split)
    if chosen.source is not None:  # a test split may well be for later
        read |= {*_read_of(config, known, chosen.split), *TEST}
    idle = [name for name in known if name not in read]
    if not idle or "all" in read:
        return []
    names = ", ".join(idle)
    return [
        "passed over, beside the splits to train and evaluate on: "
        f"{names}{_command(config, idle)}"
    ]


def _kind(config):
    return config.dataset.partition(":")[0]


def _read_of(config, known, split):
    """The splits that one is read from; files may call it otherwise."""
    if is_tfds(config.dataset):
        return names_in(split)
    with contextlib.suppress(NoSplitError):
        return {choose_split(known, split, config.dataset)[0]}
    return set()


def _command(config, idle):
    """How to train on the images of splits that are not for evaluation."""
    more = [name for name in idle if name not in (*TEST, *VALIDATION)]
    if not more:
        return ""
    if not is_tfds(config.dataset):
        return _command_of_files(config, more)
    splits = "+".join((config.train_split, *more))
    return f"; --train_split={splits} trains on the images there too"


def _command_of_files(config, more):
    """The same of files, whose splits have no sum."""
    kind, _, where = config.dataset.partition(":")
    patterns = [_pattern(kind, where, name) for name in more]
    trained = config.train_split.partition("[")[0]
    if "," in where or trained not in TRAIN or None in patterns:
        return (
            "; to train on the images there too, put them in a file of their "
            f"own, FILE, and give --dataset=concat:{config.dataset},"
            f"{kind}:FILE"
        )
    parts = (config.dataset, *(f"{kind}:{pattern}" for pattern in patterns))
    command = shlex.quote(f"--dataset=concat:{','.join(parts)}")
    return f"; {command} trains on the images there too"


def _pattern(kind, where, name):
    """Of the files of one split, which alone are all trained on, or None."""
    if TEMPLATE in where:
        return where.replace(TEMPLATE, name)
    if kind not in _NAMED_FILES:
        return None
    whole = tf.io.gfile.isdir(os.path.expanduser(where))
    folder = where if whole else os.path.dirname(where)
    for end in ("", f".{kind}"):
        pattern = os.path.join(folder, f"*{name}*{end}")
        there = tf.io.gfile.glob(os.path.expanduser(pattern))
        if len(set(map(_ending, there))) == 1:  # no index beside shards
            return pattern
    return None


def _ending(path):
    """What a file's name ends in, without a shard's number behind it."""
    return os.path.splitext(re.sub(r"-\d+-of-\d+$", "", path))[1]


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
    trained = names_in(config.train_split)
    return None if split in trained or "all" in trained else split
