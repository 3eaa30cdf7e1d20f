"""What an exported version notes beside its SavedModel, a file for each.

How it decodes images, and the temperature of its probabilities. Nothing is
written where it is the usual.
"""

from __future__ import annotations

import json
import os
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from simclrv2_tf.files.json_files import read_checked

DECODING, TEMPERATURE = "decoding.json", "calibration.json"


class Decoding(NamedTuple):
    """How encoded images become pixels.

    Attributes:
      apply_orientation: Whether they are turned as their EXIF tags say.
      resize_shorter_side: Pixels that the shorter side of larger images is
        reduced to, None for none.
    """

    apply_orientation: bool = False
    resize_shorter_side: int | None = None


AS_THEY_ARE = Decoding()


def write_decoding(directory: str, decoding: Decoding) -> None:
    """Notes how a version decodes images, where it is not the usual.

    Args:
      directory: Of the version.
      decoding: A `Decoding`.
    """
    usual = AS_THEY_ARE._asdict()
    changed = {k: v for k, v in decoding._asdict().items() if v != usual[k]}
    if changed:
        write_note(directory, DECODING, changed)


def read_decoding(directory: str) -> Decoding:
    """How an exported version decodes images.

    Args:
      directory: Of the version.

    Raises:
      ValueError: If its note cannot be read.
    """
    path = os.path.join(directory, DECODING)
    note = read_checked(
        path, "how images are decoded as JSON", "export the model again"
    )
    side = note.get("resize_shorter_side")
    if side is not None and (type(side) is not int or side < 1):
        raise ValueError(
            f"The file {path!r} must hold as resize_shorter_side a whole "
            f"number above 0: export the model again. Received: {side!r}"
        )
    return Decoding(bool(note.get("apply_orientation", False)), side)


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
