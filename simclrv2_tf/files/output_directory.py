"""A directory of this machine that results are to go to."""

from __future__ import annotations

import os

from simclrv2_tf.files.paths import is_remote


def checked(option: str, path: str | None, results: str) -> str:
    """The path of a directory that can hold results, which need not exist.

    Args:
      option: Name of the option that names it.
      path: What it names; None or "" if it is unset and there is no run.
      results: What goes there, in words.

    Raises:
      ValueError: If there is none, or it is remote or a file.
    """
    if not path:
        raise ValueError(
            f"`{option}` must say where {results} go if there is no "
            f"--model_dir. Received: {option}=None"
        )
    if is_remote(path):
        raise ValueError(
            f"`{option}` must name a directory of this machine, as features "
            f"are mapped into memory. Received: {path!r}"
        )
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(
            f"`{option}` must name a directory. Received: {path!r}, which is "
            "a file"
        )
    return path
