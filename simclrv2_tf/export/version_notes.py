"""What an exported version notes beside its SavedModel, a file for each.

How it decodes images, and the temperature of its probabilities. Nothing is
written where it is the usual.
"""

from __future__ import annotations

import json
import os
from typing import Any

import tensorflow as tf

from simclrv2_tf.files.json_files import read_checked

DECODING, TEMPERATURE = "decoding.json", "calibration.json"


def write_decoding(directory: str, apply_orientation: bool) -> None:
    """Notes that a version turns images as their EXIF tags say, if it does.

    Args:
      directory: Of the version.
      apply_orientation: Whether it does.
    """
    if apply_orientation:
        write_note(directory, DECODING, {"apply_orientation": True})


def applies_orientation(directory: str) -> bool:
    """Whether an exported version turns images as their EXIF tags say.

    Args:
      directory: Of the version.

    Raises:
      ValueError: If its note cannot be read.
    """
    path = os.path.join(directory, DECODING)
    note = read_checked(
        path, "how images are decoded as JSON", "export the model again"
    )
    return bool(note.get("apply_orientation", False))


def write_temperature(directory: str, temperature: float) -> None:
    """Notes the temperature, unless logits stay as they are.

    Args:
      directory: Of the version.
      temperature: Above 0.
    """
    if temperature != 1.0:
        write_note(directory, TEMPERATURE, {"temperature": temperature})


def read_temperature(path: str) -> float:
    """The temperature that a file of calibration holds, 1.0 without one.

    Args:
      path: Of the file, or the directory of an exported version.

    Raises:
      ValueError: If it is there and holds none.
    """
    if tf.io.gfile.isdir(path):
        path = os.path.join(path, TEMPERATURE)
    if not tf.io.gfile.exists(path):
        return 1.0
    with tf.io.gfile.GFile(path) as file:
        text = file.read()
    try:
        temperature = float(json.loads(text)["temperature"])
    except (ValueError, TypeError, KeyError):
        temperature = 0.0
    if not 0 < temperature < float("inf"):
        raise ValueError(
            f"The file {path!r} must hold a temperature above 0 as JSON, and "
            "does not: evaluate with --calibrate again, or remove it."
        )
    return temperature


def write_note(directory: str, name: str, values: dict[str, Any]) -> None:
    """Writes a note of a version that is not in its place yet.

    Args:
      directory: Of the version.
      name: Of the file.
      values: What it says.
    """
    with tf.io.gfile.GFile(os.path.join(directory, name), "w") as file:
        json.dump(values, file)
