"""Makes the strategy of the flags, and checks paths for a remote TPU."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import tensorflow as tf

from simclrv2_tf import distribution
from simclrv2_tf.config import Config
from simclrv2_tf.data.sources.concat import names_of
from simclrv2_tf.data.sources.registry import KINDS

LOCAL_TPU = "local"  # the name of the TPU of the machine that one is on


def make_strategy(config: Config) -> tf.distribute.Strategy:
    """The `tf.distribute` strategy that the flags ask for.

    Call this before TensorFlow computes anything: several workers must meet
    first.

    Args:
      config: A `Config`.

    Raises:
      ValueError: If the environment lacks what the strategy needs, or a
        remote TPU is to read or write files of this machine.
    """
    check_reach(config)
    return distribution.make_strategy(
        config.strategy,
        tpu_address(config),
        config.tpu_zone,
        config.gcp_project,
        config.use_tpu,
    )


def scope(config: Config) -> contextlib.AbstractContextManager:
    """The scope of the flags' strategy; an empty one if one is entered."""
    if tf.distribute.has_strategy():
        return contextlib.nullcontext()
    return make_strategy(config).scope()


def num_replicas(config: Config) -> int:
    """Devices that share a batch, by the flags: a run may not have begun."""
    with scope(config):
        return distribution.num_replicas()


def tpu_address(config: Config) -> str | None:
    """Name or address of the TPU that the flags give, None for none."""
    return config.tpu_name or config.master


def check_reach(config: Config) -> None:
    """Raises a ValueError if a remote TPU would need files of this machine.

    A TPU that is no part of this machine reads and writes by itself, so what
    it is given must lie where it can reach, as `gs://` does.
    """
    name = _remote_tpu(config)
    if not name:
        return
    for flag, path in _paths(config):
        if path and _is_local(path):
            raise ValueError(
                f"`{flag}` must be in storage that the remote TPU {name!r} "
                "reaches, such as gs://BUCKET/PATH; on a TPU virtual machine "
                f"give tpu_name='local'. Received: {flag}={path!r}"
            )


def _remote_tpu(config):
    """The remote TPU that would be used, by name or address; else None."""
    if config.use_tpu is False or config.strategy not in ("auto", "tpu"):
        return None
    name = tpu_address(config) or distribution.tpu_in_environment()
    return None if name == LOCAL_TPU else name


def _paths(config):
    """Pairs (flag, path) of what is read or written all through a run."""
    for flag in ("model_dir", "data_dir", "export_dir"):
        yield flag, getattr(config, flag)
    trains = config.mode in ("train", "train_then_eval")
    for kind, path in _dataset_paths(config.dataset):
        # Others are read by this process where nothing is trained.
        if trains or kind == "folder":
            yield "dataset", path


def _dataset_paths(name: str) -> Iterator[tuple[str, str]]:
    """Kind and path in a data set's name, of each part of `concat:`."""
    kind, _, where = name.partition(":")
    if kind == "concat":
        for part in names_of(where):
            yield from _dataset_paths(part)
    elif kind in KINDS:
        yield kind, where
    elif name != "digits" and os.path.isdir(os.path.expanduser(name)):
        yield "tfds", name


def _is_local(path):
    scheme, separator, _ = path.partition("://")
    return not separator or scheme == "file"
