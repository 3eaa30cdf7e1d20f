"""What a run's directory holds, and whether a run may go on there."""

from __future__ import annotations

import dataclasses
import os
import re
import socket
import uuid
from typing import Any

import tensorflow as tf

from simclrv2_tf.config import Config
from simclrv2_tf.config.average_rules import momentum
from simclrv2_tf.config.field_values import as_flag
from simclrv2_tf.files import atomic
from simclrv2_tf.files import lock
from simclrv2_tf.files.given_directory import check_model_dir
from simclrv2_tf.files.json_files import read_checked
from simclrv2_tf.files.json_files import read_dictionary
from simclrv2_tf.files.json_files import write_json
from simclrv2_tf.files.run_files import ENVIRONMENT
from simclrv2_tf.files.run_files import FLAGFILE
from simclrv2_tf.files.run_files import FLAGS
from simclrv2_tf.runs import same_places

_MOMENTUM = "memory_momentum"
_SHOWN = 80  # characters of a value that messages show
PROJECTOR = "projector"  # folder of features for TensorBoard
# What tries a directory: of which host, where it is not of an earlier version,
# and process.
_PROBE = re.compile(r"\.probe\.(?:(.+)\.[0-9a-f]{32}\.)?(\d+)")


def check(config: Config) -> None:
    """Raises a ValueError if the run cannot live in its `model_dir`."""
    check_model_dir(config.model_dir, "run")
    if tf.io.gfile.exists(config.model_dir) and not tf.io.gfile.isdir(
        config.model_dir
    ):
        raise ValueError(
            "`model_dir` must be a directory. Received: "
            f"{config.model_dir!r}, which is a file"
        )
    before = read_flags(config.model_dir)
    differing = _differing(config, before)
    if differing:
        recorded = ", ".join(f"{n}={_shown(before[n])}" for n in differing)
        requested = ", ".join(
            f"{n}={_shown(getattr(config, n))}" for n in differing
        )
        raise ValueError(
            f"`model_dir` {config.model_dir!r} holds a run with {recorded}, "
            f"while the flags say {requested}: give another directory, or "
            "those flags."
        )
    _make(config.model_dir)


def _shown(value):
    """A value for a message, where a network's JSON may be a page long."""
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _differing(config, before):
    """Names of the options that must be as they were, and are not."""
    was, now = _in_effect(before), _in_effect(vars(config))
    return [
        field.name
        for field in dataclasses.fields(config)
        if (resumed := field.metadata["resumed"]).fixed
        and field.name in before
        and resumed.part(was[field.name]) != resumed.part(now[field.name])
    ]


def _in_effect(values):
    """Values of options by name, one that is not set as it is taken then."""
    given = (values.get(name) for name in ("memory_size", _MOMENTUM))
    return {**values, _MOMENTUM: momentum(*given)}


def changed(config: Config) -> list[str]:
    """Sentences of what training goes on with in place of what it was."""
    before = read_flags(config.model_dir)
    return [
        f"{name}={getattr(config, name)} (was {before[name]})"
        for name in _changed(config, before)
    ]


def unused(config: Config) -> list[tuple[str, str]]:
    """What is given to a run with nothing to train, and what it has.

    Args:
      config: A `Config` of a trained run.

    Returns:
      Pairs "name=value", of the run and of the call.
    """
    before = read_flags(config.model_dir)
    return [
        (f"{name}={before[name]}", f"{name}={getattr(config, name)}")
        for name in _changed(config, before)
        if name in config.given
    ]


def _changed(config, before):
    """Names of the options that train otherwise than the run did before."""
    was, now = _in_effect(before), _in_effect(vars(config))
    names = [
        field.name
        for field in dataclasses.fields(config)
        if field.metadata["resumed"].changes_training and field.name in before
    ]
    return [name for name in names if not _same(name, now, was)]


def _same(name, now, was):
    if name in same_places.OPTIONS:
        return same_places.same(name, now, was)
    return now[name] == was[name]


def _make(directory):
    try:
        tf.io.gfile.makedirs(directory)
        probe = os.path.join(directory, _probe_name())
        atomic.write_text(probe, "")
        tf.io.gfile.remove(probe)
    except tf.errors.OpError as error:
        raise ValueError(
            f"`model_dir` {directory!r} cannot be written to: {error.message}"
        ) from None


def _probe_name():
    """A name of this process alone; in containers all may have number 1."""
    host, once = socket.gethostname(), uuid.uuid4().hex
    return f".probe.{host}.{once}.{os.getpid()}"


def read_flags(directory: str | None) -> dict:
    """The values in `flags.json`, {} if there is none.

    Args:
      directory: Of the run; None for no run.
    """
    if not directory:
        return {}
    return read_checked(
        os.path.join(directory, FLAGS),
        "a run's flags as JSON",
        "restore it, or give another --model_dir",
    )


def write_flags(
    config: Config, begun_with: dict[str, Any] | None = None, **resolved: Any
) -> None:
    """Writes `flags.json`, and a flagfile that repeats the run.

    Args:
      config: A `Config`.
      begun_with: {name: value} of options that stay as the run began with
        them, see the module of this name.
      **resolved: What the data decided, for `flags.json` alone.
    """
    values = {**dataclasses.asdict(config), **(begun_with or {})}
    directory = config.directory
    write_json(os.path.join(directory, FLAGS), {**values, **resolved})
    lines = [as_flag(name, value) for name, value in values.items()]
    lines = [line for line in lines if line]
    atomic.write_text(
        os.path.join(directory, FLAGFILE), "\n".join(lines) + "\n"
    )


def write_environment(directory: str, values: dict) -> None:
    """Writes `environment.json`: versions, hardware, seed, data."""
    write_json(os.path.join(directory, ENVIRONMENT), values)


def read_environment(directory: str | None) -> dict:
    """What `write_environment` wrote, {} if there is nothing to be read."""
    if directory is None:
        return {}
    return read_dictionary(os.path.join(directory, ENVIRONMENT))


def clean(directory: str) -> None:
    """Removes what killed processes left half written; with the lock held.

    Files of a process that goes on, an evaluation perhaps, stay.
    """
    atomic.clean(directory)
    for folder in (directory, os.path.join(directory, PROJECTOR)):
        if tf.io.gfile.isdir(folder):
            _clean(folder)


def _clean(folder):
    for name in tf.io.gfile.listdir(folder):
        if _is_left_probe(name) or atomic.is_left_over(name, lock.runs):
            tf.io.gfile.remove(os.path.join(folder, name))


def _is_left_probe(name):
    """Whether it is that of a process of this host that is gone."""
    probe = _PROBE.fullmatch(name)
    if probe is None or probe[1] not in (None, socket.gethostname()):
        return False
    return not lock.runs(int(probe[2]))
