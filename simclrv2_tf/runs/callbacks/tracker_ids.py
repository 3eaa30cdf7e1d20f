"""Under which id a run is known to a tracker, so that it goes on there."""

from __future__ import annotations

import json
import os

import tensorflow as tf

from simclrv2_tf.files import atomic

FILE = "loggers.json"


def read_id(directory: str, tracker: str) -> str | None:
    """The id of the run in a directory, None if it has none yet."""
    found = _read(directory).get(tracker)
    return found if isinstance(found, str) else None


def keep_id(directory: str, tracker: str, known_as: str) -> None:
    """Notes the id of the run in a directory."""
    held = {**_read(directory), tracker: known_as}
    text = json.dumps(held, indent=2) + "\n"
    atomic.write_text(os.path.join(directory, FILE), text)


def _read(directory):
    path = os.path.join(directory, FILE)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        try:
            return dict(json.load(file))
        except (TypeError, ValueError):  # a new run there costs nothing
            return {}
