"""Files appear whole or not at all."""

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence

import tensorflow as tf

from simclrv2_tf.files.errors import file_errors
from simclrv2_tf.files.paths import is_remote

# What `beside` writes, with the number of its process.
_LEFT_OVER = re.compile(r".+\.(\d+)\.tmp")
_WRITING = ".writing-"  # directories in which files wait until they are whole


@contextlib.contextmanager
def files(path: str) -> Iterator[str]:
    """Lets a body write `<prefix>*` beside, then moves all of it to `path`.

    Args:
      path: Of a file, or prefix of several.

    Yields:
      The path or prefix to write to, in a directory of its own on the same
      file system. If the body fails, what it wrote is removed.
    """
    directory, name = os.path.split(path)
    with file_errors(path, "written"):
        tf.io.gfile.makedirs(directory or ".")
        folder = _directory_beside(directory or ".")
        try:
            yield os.path.join(folder, name)
            names = sorted(tf.io.gfile.listdir(folder), key=_index_last)
            _move_all(
                [os.path.join(folder, file) for file in names],
                [os.path.join(directory, file) for file in names],
            )
            _flush(directory or ".")
        finally:
            _remove(folder)


@contextlib.contextmanager
def directory(path: str) -> Iterator[str]:
    """Lets a body fill a directory beside, then renames it to `path`.

    Args:
      path: Of a directory of this machine that is new or empty.

    Yields:
      The directory to fill. If the body fails, it is removed.

    Raises:
      ValueError: If there is something at `path`, or it cannot be written.
    """
    check_vacant(path)
    path = os.path.realpath(path)  # a link to an empty directory is kept
    with file_errors(path, "written"):
        parent = os.path.dirname(path)
        os.makedirs(parent, exist_ok=True)
        folder = _directory_beside(parent)
        try:
            filled = os.path.join(folder, os.path.basename(path))
            os.mkdir(filled)
            yield filled
            for place, _, names in os.walk(filled):
                for name in names:
                    _flush(os.path.join(place, name))
            os.replace(filled, path)
            _flush(parent)
        finally:
            _remove(folder)


def check_vacant(path: str) -> None:
    """Raises a ValueError unless a directory can be made at a path.

    There must be nothing yet, or an empty directory, and the directory above
    it, or the first of those above that is there, must let it be made.
    """
    with file_errors(path, "written"):
        vacant = not os.path.lexists(path) or (
            os.path.isdir(path) and not os.listdir(path)
        )
        if vacant:
            _check_parent(os.path.dirname(os.path.realpath(path)))
    if not vacant:
        raise ValueError(
            "Expected a directory that is new or empty. Received: "
            f"{path!r}, where there is something: name another one."
        )


def _check_parent(parent):
    while not os.path.lexists(parent):
        parent = os.path.dirname(parent)
    if not os.path.isdir(parent):
        raise NotADirectoryError(f"{parent!r} is no directory")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "no permission", parent)


@contextlib.contextmanager
def beside(path: str, name: str | None = None) -> Iterator[str]:
    """Lets a body write one file beside, then renames it to `path`.

    Args:
      path: Of the file.
      name: Path to write to; with the number of this process unless given,
        so that several may write the same file.

    Yields:
      The path to write to. If the body fails, nothing is left there.
    """
    staged = name or f"{path}.{os.getpid()}.tmp"
    with file_errors(path, "written"):
        try:
            yield staged
            _move_all([staged], [path])
        finally:
            if tf.io.gfile.exists(staged):
                tf.io.gfile.remove(staged)


def write_text(path: str, text: str, name: str | None = None) -> None:
    """Writes a text file that is seen whole or not at all; see `beside`."""
    with beside(path, name) as staged:
        with tf.io.gfile.GFile(staged, "w") as file:
            file.write(text)


def is_left_over(name: str, alive: Callable[[int], bool]) -> bool:
    """Whether a file's name is what `beside` left of a process that is gone.

    Args:
      name: Of a file.
      alive: Whether a process of that number runs.
    """
    match = _LEFT_OVER.fullmatch(name)
    return match is not None and not alive(int(match[1]))


def name_newest(prefix: str, older: Sequence[str] = ()) -> None:
    """Writes the `checkpoint` file that names a directory's newest.

    Args:
      prefix: Of the newest checkpoint.
      older: Prefixes of those that are there too, the oldest first.
    """
    directory, name = os.path.split(prefix)
    with files(os.path.join(directory, "checkpoint")) as staged:
        with tf.io.gfile.GFile(staged, "w") as file:
            file.write(f'model_checkpoint_path: "{name}"\n')
            for path in (*older, prefix):
                each = os.path.basename(path)
                file.write(f'all_model_checkpoint_paths: "{each}"\n')


def clean(directory: str) -> None:
    """Removes what a killed process left half written in a directory."""
    for name in tf.io.gfile.listdir(directory):
        path = os.path.join(directory, name.rstrip("/"))
        if name.startswith(_WRITING) and tf.io.gfile.isdir(path):
            _remove(path)


def _move_all(sources, targets):
    """Renames files once their bytes are on the disk; a power cut tears none.

    It takes some 10 ms a file.
    """
    for source in sources:
        _flush(source)
    for source, target in zip(sources, targets, strict=True):
        tf.io.gfile.rename(source, target, overwrite=True)


def _flush(path):
    """Brings a file, or a directory's names, from the cache to the disk."""
    if is_remote(path):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _index_last(name):
    """A tensor bundle is seen by its index, which therefore comes last."""
    return name.endswith(".index"), name


def _directory_beside(directory):
    if is_remote(directory):
        folder = os.path.join(directory, f"{_WRITING}{os.getpid()}")
        tf.io.gfile.makedirs(folder)
        return folder
    return tempfile.mkdtemp(prefix=_WRITING, dir=directory)


def _remove(directory):
    if is_remote(directory):
        tf.io.gfile.rmtree(directory)
    else:
        shutil.rmtree(directory, ignore_errors=True)
