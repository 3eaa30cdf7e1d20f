"""Errors of folders that cannot be listed, and of names that are no UTF-8."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from simclrv2_tf.files.errors import first_line


@contextlib.contextmanager
def text_names(path: str) -> Iterator[None]:
    """Makes one sentence of a name below a folder that is no UTF-8.

    Args:
      path: Of the folder.

    Raises:
      ValueError: For such a name.
    """
    try:
        yield
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise ValueError(
            f"The folder {path!r} holds a file or folder whose name is no "
            f"UTF-8 ({error.object!r}): rename it."
        ) from None


def entries(path: str) -> list[str]:
    """Names of what a folder holds, those of folders without a slash.

    Raises:
      UnicodeDecodeError: For a name that is no UTF-8, see `text_names`.
      ValueError: If the folder cannot be listed.
    """
    try:
        names = tf.io.gfile.listdir(path)
    except tf.errors.OpError as error:
        raise unlisted(path, error) from error
    return [name.rstrip("/") for name in names]


def unlisted(path: str, error: Exception) -> ValueError:
    """The error of a folder that cannot be listed.

    Args:
      path: Of the folder.
      error: What the file system says.
    """
    reason = getattr(error, "strerror", None) or first_line(error)
    return ValueError(
        f"The folder {path!r} cannot be listed: {reason.rstrip('.')}; let its "
        "owner permit it, or move it away if its images are not wanted"
    )
