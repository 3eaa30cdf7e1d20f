"""How an exported version decodes images, beside its SavedModel."""

from __future__ import annotations

import json
import os

import tensorflow as tf

FILE = "decoding.json"


def write_decoding(directory: str, apply_orientation: bool) -> None:
    """Writes what differs from the usual, and nothing where nothing does."""
    if apply_orientation:
        with tf.io.gfile.GFile(os.path.join(directory, FILE), "w") as file:
            json.dump({"apply_orientation": True}, file)


def applies_orientation(directory: str) -> bool:
    """Whether an exported version turns images as their EXIF tags say."""
    path = os.path.join(directory, FILE)
    if not tf.io.gfile.exists(path):
        return False
    with tf.io.gfile.GFile(path) as file:
        return json.load(file)["apply_orientation"]
