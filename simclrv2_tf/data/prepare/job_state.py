"""What a directory says of the preparation in it: its plan, or its report."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from simclrv2_tf.data.prepare.unreadable_limit import TooManyUnreadableError
from simclrv2_tf.files import atomic
from simclrv2_tf.files.json_files import read_if_there

STATE = ".preparing"  # directory of what a killed run has to know
PLAN = "plan.json"
REPORT = "prepare_report.json"
IMAGES = "images"  # their checksums, in both
CHANNELS = "channels"  # of the images that are written, in both
_LATER = (IMAGES, CHANNELS)  # what the first versions did not note
_STOPPED = "stopped"  # in a plan: too many of its images could not be read


def look(directory: str, plan: dict) -> dict | None:
    """Looks what a directory holds.

    What an earlier version did not note, such as the images, is not compared
    with what it wrote. A plan that stopped for its images does not stand in
    the way of another.

    Returns:
      The report, if the same plan was carried out there; otherwise None.

    Raises:
      ValueError: If it holds something else.
    """
    for name in (REPORT, os.path.join(STATE, PLAN)):
        before = read_if_there(os.path.join(directory, name))
        if before is None:
            continue
        differing = _differing(before, plan)
        if differing and not before.get(_STOPPED):
            raise ValueError(
                f"The directory {directory!r} holds data prepared with other "
                f"{', '.join(differing)}: give another directory, or remove it."
            )
        return before if name == REPORT else None
    if tf.io.gfile.exists(directory) and tf.io.gfile.listdir(directory):
        raise ValueError(
            f"The directory {directory!r} must be new or empty, and holds "
            "something else: give another."
        )
    return None


def _differing(before, plan):
    known = {**{key: plan[key] for key in _LATER}, **before}
    return [key for key in plan if known.get(key) != plan[key]]


def begin(directory: str, plan: dict) -> None:
    """Makes a directory that `look` allows, and notes the plan in it.

    Raises:
      ValueError: If it cannot be made.
    """
    clear_stopped(directory, plan)
    try:
        tf.io.gfile.makedirs(os.path.join(directory, STATE))
    except tf.errors.OpError as error:
        raise ValueError(
            f"The directory {directory!r} cannot be made: {error.message}"
        ) from None
    note(os.path.join(directory, STATE, PLAN), plan)


def clear_stopped(directory: str, plan: dict) -> None:
    """Removes what another plan wrote that stopped for its images."""
    before = read_if_there(os.path.join(directory, STATE, PLAN)) or {}
    if before.get(_STOPPED) and _differing(before, plan):
        tf.io.gfile.rmtree(directory)


@contextlib.contextmanager
def stopping(directory: str, plan: dict) -> Iterator[None]:
    """Notes in the plan that too many images of a body are unreadable."""
    try:
        yield
    except TooManyUnreadableError:
        path = os.path.join(directory, STATE, PLAN)
        note(path, {**plan, _STOPPED: True})
        raise


def note(path: str, values: dict[str, Any]) -> None:
    """Writes a dictionary as JSON, whole or not at all."""
    text = json.dumps(values, indent=2) + "\n"
    atomic.write_text(path, text, f"{path}.tmp")
