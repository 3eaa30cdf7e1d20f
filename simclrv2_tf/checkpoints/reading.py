"""One clear sentence for whatever goes wrong with a file."""

import contextlib
import errno
import zipfile

import tensorflow as tf


@contextlib.contextmanager
def explained(path, doing="read"):
    """Turns errors of the file system and of parsers into a ValueError.

    Args:
      path: What is being read or written; named in the sentence.
      doing: "read" or "written".
    """
    try:
        yield
    except (tf.errors.OpError, OSError, zipfile.BadZipFile, EOFError) as error:
        reason = _reason(error)
        raise ValueError(f"{path!r} cannot be {doing}: {reason}.") from error


def _reason(error):
    if _is(error, errno.EACCES, tf.errors.PermissionDeniedError):
        return "no permission; change it, or run as its owner"
    if _is(error, errno.ENOSPC, tf.errors.ResourceExhaustedError):
        return "the disk is full; make room and try again"
    if _is(error, errno.ENOENT, tf.errors.NotFoundError):
        return f"a file is missing ({_first_line(error)}); copy all its files"
    return (
        f"it is truncated or damaged ({_first_line(error)}); copy or download "
        "it again"
    )


def _is(error, number, kind):
    if isinstance(error, OSError):
        text = f"errno = {number}"  # how HDF5 words it
        return error.errno == number or text in str(error)
    return isinstance(error, kind)


def _first_line(error):
    text = getattr(error, "message", None) or str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0].rstrip(".")
