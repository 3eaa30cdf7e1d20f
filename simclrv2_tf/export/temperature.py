"""The temperature of an exported version's probabilities, noted beside it."""

from __future__ import annotations

import json
import os

import tensorflow as tf

FILE = "calibration.json"


def write_temperature(directory: str, temperature: float) -> None:
    """Writes the temperature, and nothing where logits stay as they are."""
    if temperature != 1.0:
        with tf.io.gfile.GFile(os.path.join(directory, FILE), "w") as file:
            json.dump({"temperature": temperature}, file)


def read_temperature(path: str) -> float:
    """The temperature that a file of calibration holds, 1.0 without one.

    Args:
      path: Of the file, or the directory of an exported version.

    Raises:
      ValueError: If it is there and holds none.
    """
    if tf.io.gfile.isdir(path):
        path = os.path.join(path, FILE)
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
