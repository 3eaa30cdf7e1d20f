"""Which checkpoints a run takes its teachers and its start from.

A run's directory means the newest checkpoint there, which may be another one
when the run goes on.
"""

from __future__ import annotations

import hashlib
import logging
import os
from typing import Any

import tensorflow as tf

from simclrv2_tf.checkpoints import any_format
from simclrv2_tf.checkpoints import checksums
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.runs import model_dir
from simclrv2_tf.runs import teacher_sources
from simclrv2_tf.runs.training_run import TrainingRun

KEY = "weights"  # in environment.json
TEACHER, START = "teacher", "checkpoint"
_LOG = logging.getLogger("simclrv2_tf")


def describe(run: TrainingRun) -> dict[str, Any]:
    """What `environment.json` says of a run's weights; warns of other ones.

    Those of the start stay: they are not read again.

    Args:
      run: A `TrainingRun` that trains; its `environment.json` is still that
        of the calls before.

    Returns:
      {`KEY`: {option: descriptions}}, {} where nothing is known.
    """
    before = model_dir.read_environment(run.config.model_dir).get(KEY)
    before = before if isinstance(before, dict) else {}
    now = _of_teachers(run.config) | _of_start(run, before)
    if run.progress.step:
        _warn_if_changed(before.get(TEACHER), now.get(TEACHER))
    return {KEY: now} if now else {}


def _of_teachers(config):
    if config.train_mode != "distill":
        return {}
    sources = teacher_sources.ours(config.teacher)
    descriptions = [_description(source) for source in sources]
    return {TEACHER: descriptions} if any(descriptions) else {}


def _of_start(run, before):
    """That which a run began with, or begins with."""
    if run.progress.step:
        return {START: before[START]} if before.get(START) else {}
    given = run.config.checkpoint
    description = _description(given) if given else None
    return {START: description} if description else {}


def _description(source):
    """Name and checksum of the checkpoint that is taken; None for others.

    Weights that are no checkpoint have one name for one content.
    """
    try:
        kind, prefix = any_format.locate(local(source))
        if kind != any_format.CHECKPOINT:
            return None
        sums = prefix + checksums.SUFFIX
        known = tf.io.gfile.exists(sums)
        digest = {"sha256": _digest(sums)} if known else {}
    except (ValueError, OSError, tf.errors.OpError):  # such as published ones
        return None
    return {
        "source": os.fspath(source),
        "name": os.path.basename(prefix),
        **digest,
    }


def _digest(path):
    with tf.io.gfile.GFile(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _warn_if_changed(before, now):
    """Compares teachers one by one; how many there are is for the flags."""
    if not before or not now or len(before) != len(now):
        return
    for was, taken in zip(before, now, strict=True):
        if was and taken and _is_other(was, taken):
            _LOG.warning(
                "THE TEACHER HAS CHANGED since this run was trained: %s of %s "
                "then, %s of %s now. The run goes on, but is no longer the "
                "one that it was: give --teacher the checkpoint itself to go "
                "on with the former.",
                was.get("name"),
                was.get("source"),
                taken["name"],
                taken["source"],
            )


def _is_other(was, taken):
    """By checksums, or by name where there are none."""
    name = "sha256" if "sha256" in was and "sha256" in taken else "name"
    return was.get(name) != taken[name]
