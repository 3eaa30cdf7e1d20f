"""The JSON of a Keras model: its name, and its layers' without their counts."""

from __future__ import annotations

import json
import re

_COUNT = re.compile(r'_\d+"')


def uncounted(text: str | None) -> str | None:
    """A model's JSON as it would be in a process that had made no other.

    Layers without a name of their own have one that counts all layers of a
    process: the same model made a second time is "conv2d_1", not "conv2d".

    Args:
      text: JSON, or any other text, which stays as it is.
    """
    if not text or not text.startswith("{"):
        return text
    return _COUNT.sub('"', text)


def model_name(text: str) -> str:
    """What a Keras backbone is called in messages.

    Args:
      text: JSON of a model, of which the name is told, or any other text,
        which stays as it is.
    """
    if not text.startswith("{"):
        return text
    return f"keras.Model {json.loads(text)['config'].get('name')!r}"
