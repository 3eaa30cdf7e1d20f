"""JSON in files, on this machine or in a bucket.

Local files are read without TensorFlow.
"""

from __future__ import annotations

import json
from typing import Any

from simclrv2_tf.files.paths import is_remote

_MOST_BYTES = 2**24  # of a dictionary's file: a longer one is none of ours


def read_dictionary(path: str) -> dict[str, Any]:
    """The dictionary in a file, {} if it is missing, damaged or holds none."""
    try:
        with _opened(path) as file:
            value = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def read_if_there(path: str) -> Any:
    """What a file holds, None if there is no file.

    Raises:
      OSError: If it cannot be read.
      ValueError: If it is no JSON.
    """
    try:
        with _opened(path) as file:
            return json.loads(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _opened(path):
    if not is_remote(path):
        return open(path, "rb")
    from simclrv2_tf.files.remote import open_binary

    return open_binary(path)
