"""The JSON of a Keras model without the counts in its layers' names."""

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
