"""JSON in files, on this machine or in a bucket.

Local files are read without TensorFlow.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.paths import is_remote

_MOST_BYTES = 2**24  # of a dictionary's file: a longer one is none of ours
_MISSING = (FileNotFoundError, NotADirectoryError)


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
    except _MISSING:
        return None


def read_checked(path: str, holds: str, remedy: str) -> dict[str, Any]:
    """The dictionary in a file, {} if there is no file.

    Args:
      path: Of the file.
      holds: What it is to hold, as messages say it: "a run's flags as JSON".
      remedy: What one can do about a file that holds no dictionary, as
        messages end: "restore it".

    Raises:
      ValueError: If it cannot be read, or is no JSON of a dictionary.
    """
    with file_errors(path):
        try:
            with _opened(path) as file:
                values = json.loads(file.read())
        except _MISSING:
            return {}
        except (ValueError, RecursionError):
            values = None
    if not isinstance(values, dict):
        raise ValueError(
            f"The file {path!r} must hold {holds}, and does not: {remedy}."
        )
    return values


def write_json(
    path: str,
    values: Any,
    end: str = "\n",
    default: Callable[[Any], Any] | None = None,
) -> None:
    """Writes values in a file that is seen whole or not at all.

    Args:
      path: Of the file, in a directory that is there.
      values: What JSON holds.
      end: What follows them in the file.
      default: Function from a value that JSON has no word for to one that it
        has.

    Raises:
      TypeError: If JSON cannot hold a value.
      ValueError: If the file cannot be written.
    """
    from simclrv2_tf.files import atomic

    text = json.dumps(values, indent=2, default=default)
    atomic.write_text(path, f"{text}{end}")


def _opened(path):
    if not is_remote(path):
        return open(path, "rb")
    from simclrv2_tf.files.remote import open_binary

    return open_binary(path)
