"""What `--checkpoint` means beside a `--model_dir` that holds a run.

In training it is what the run starts from, and so it is in commands that
repeat its flags to evaluate it: the run's newest weights are taken.
"""

from __future__ import annotations

import functools
import logging
import os

import tensorflow as tf

from simclrv2_tf.checkpoints import run_directory
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.config import Config
from simclrv2_tf.data.classes import listed
from simclrv2_tf.files.run_files import CHECKPOINT
from simclrv2_tf.files.run_files import checkpoint_name

_LOG = logging.getLogger("simclrv2_tf")
_TRAINING = ("train", "train_then_eval", "recommend")


def of_the_run(config: Config) -> str | None:
    """Prefix of the checkpoint in `model_dir` that `--checkpoint` names.

    Args:
      config: A `Config`.

    Returns:
      None in training, where no checkpoint is given, and for one of elsewhere.

    Raises:
      ValueError: If it is not there, or damaged.
    """
    given = _given(config)
    if given is None or not _same(os.path.dirname(given), config.directory):
        return None
    if tf.io.gfile.isdir(given):
        return None
    prefix = tf1.find(given)
    if prefix is None and not _is_of_steps(given):
        return None
    wrong = (
        "it is not there" if prefix is None else run_directory.verify(prefix)
    )
    if wrong:
        raise ValueError(
            "`checkpoint` must name a whole checkpoint of the run in "
            f"{config.directory!r}. Received: {given!r} ({wrong}), where there "
            f"are {_present(config.directory)}; leave it out for the newest"
        )
    return prefix


def is_of_the_run(config: Config, prefix: str) -> bool:
    """Whether a prefix is that of a checkpoint in `model_dir`."""
    if not config.model_dir or not _is_of_steps(prefix):
        return False
    return _same(os.path.dirname(prefix), config.directory)


def _is_of_steps(path):
    """Whether a path is called as checkpoints of runs are."""
    return CHECKPOINT.fullmatch(os.path.basename(path)) is not None


def _present(directory):
    return listed([checkpoint_name(n) for n in run_directory.steps(directory)])


def warn_if_unused(config: Config, prefix: str) -> None:
    """Says once that a run's weights are taken, where others are given.

    Args:
      config: A `Config`.
      prefix: Of the weights that are taken.
    """
    given = _given(config)
    if given is not None and not any(
        _same(given, place) for place in (prefix, config.directory)
    ):
        _warn(given, prefix)


def _given(config):
    """`--checkpoint` where nothing is trained and there is a run as well."""
    if config.mode in _TRAINING or not config.model_dir:
        return None
    return config.checkpoint and os.fspath(config.checkpoint)


def _same(path, other):
    return os.path.realpath(path) == os.path.realpath(other)


@functools.cache  # a command looks for its weights several times
def _warn(given, prefix):
    _LOG.warning(
        "the weights are those of %s, and --checkpoint=%s is not used: a "
        "--model_dir that holds a run takes precedence; omit --model_dir to "
        "use --checkpoint",
        prefix,
        given,
    )
