"""The data that a run was trained on, where no `--dataset` names others."""

from __future__ import annotations

import dataclasses
import os
import time

from simclrv2_tf import distribution
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.config import Config
from simclrv2_tf.config.data_options import DataConfig
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import weights

POLL_SECONDS = 1.0  # between looks for a run that has not begun
# Two ways to say how many labels are used.
_LABELS = frozenset(("label_fraction", "labels_per_class"))
# How data are read here and now; all other options say what they are.
_READING = ("download", "cache_dataset", "shuffle_buffer")
_TRAINING = ("train", "train_then_eval", "recommend")


def with_own_data(config: Config) -> Config:
    """The config with the data of the run whose weights it takes.

    What was given stays. With `dataset`, or for weights of no run, that is
    all of it.

    Args:
      config: A `Config`.

    Raises:
      ValueError: If there are no weights, or the run's data have no name.
    """
    if "dataset" in config.given:
        return config
    directory = _run_of(config)
    flags = model_dir.read_flags(directory)
    if "dataset" not in flags:
        return config
    _check_name(directory, flags["dataset"])
    if distribution.is_chief():
        print(
            f"data: {flags['dataset']}, that of the run in {directory}; "
            "--dataset names others",
            flush=True,
        )
    names = [n for n in _names(config) if n in flags]
    return dataclasses.replace(config, **{n: flags[n] for n in names})


def directory_of(config: Config) -> str | None:
    """Directory of the run that a config asks about, None for no run.

    Unlike `with_own_data` it reads no checkpoint.
    """
    if not config.checkpoint or model_dir.read_flags(config.model_dir):
        return config.model_dir
    prefix = tf1.find(local(config.checkpoint))
    return os.path.dirname(prefix) if prefix else None


def excluded_in_training(config: Config) -> str | None:
    """The table of images that were left out when a holdout was drawn.

    Args:
      config: A `Config`.

    Returns:
      The `exclude_images` of the run that the config asks about, None for no
      table. The config's own where it trains, or that run set none aside.
    """
    if config.mode in _TRAINING:
        return config.exclude_images
    flags = model_dir.read_flags(directory_of(config))
    if not flags.get("holdout_fraction"):
        return config.exclude_images
    return flags.get("exclude_images")


def _names(config):
    """Options of the data that are as the run has them.

    Images that were set aside belong to "all splits"; they are a split of
    their own only where a split is given. Where it is given how many labels
    are used, it is not as the run has it, in whichever way it says so.
    """
    divided = ("eval", "probe", "curate")
    whole = config.mode not in divided and not config.split
    left = {*_READING, *config.given, *(["holdout_fraction"] if whole else [])}
    if _LABELS & config.given:
        left |= _LABELS
    fields = dataclasses.fields(DataConfig)
    return [field.name for field in fields if field.name not in left]


def _run_of(config):
    """Directory of the run whose weights are taken, None for no run."""
    if config.mode == "eval" and config.eval_timeout and config.model_dir:
        return _awaited(config)
    prefix = tf1.find(local(weights.newest(config)))
    return os.path.dirname(prefix) if prefix else None


def _awaited(config):
    """The directory of a run that may be about to begin."""
    deadline = time.monotonic() + config.eval_timeout
    while not model_dir.read_flags(config.model_dir):
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    return config.model_dir


def _check_name(directory, dataset):
    """Raises a ValueError unless a run was trained on data of that name."""
    data = model_dir.read_environment(directory).get("data", {})
    name = data.get("name", dataset)
    kind, _, where = dataset.partition(":")
    where = os.path.expanduser(where.rstrip("/"))
    # A folder without splits is called "folder PATH".
    same = (dataset, f"{kind}:{where}", f"{kind} {where}")
    if not name.startswith(same):
        raise ValueError(
            f"The run in {directory!r} was trained on {name}, which "
            "Python code gave it: say which data to take, with --dataset."
        )
