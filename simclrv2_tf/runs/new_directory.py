"""The directory of a run that begins; one that is refused leaves none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from simclrv2_tf.files.paths import is_remote


@contextlib.contextmanager
def removed_if_empty(directory: str | None) -> Iterator[None]:
    """Makes a directory, and removes it if nothing is in it in the end.

    So it does with those above that it made. What was there before, what
    another process made, and what holds a file stay.

    Args:
      directory: Of the run; one that is remote or cannot be made, and None,
        are left to who writes there.
    """
    made = _make(directory) if directory and not is_remote(directory) else []
    try:
        yield
    finally:
        _remove_empty(made)


def _make(directory):
    """Paths of the directories that this process made, the outermost first."""
    path = os.path.abspath(directory)  # which stays where it is
    missing = []
    while not os.path.lexists(path):
        missing.append(path)
        path = os.path.dirname(path)
    made = []
    for path in reversed(missing):
        try:
            os.mkdir(path)
        except FileExistsError:  # another process was faster
            continue
        except OSError:
            break
        made.append(path)
    return made


def _remove_empty(directories):
    with contextlib.suppress(OSError):  # one is not empty
        for path in reversed(directories):
            os.rmdir(path)
