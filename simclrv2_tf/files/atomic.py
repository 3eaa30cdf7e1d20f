"""Files appear whole or not at all."""

import contextlib
import os
import shutil
import tempfile

import tensorflow as tf

from simclrv2_tf.files.errors import explained

_WRITING = ".writing-"  # directories in which files wait until they are whole


@contextlib.contextmanager
def files(path):
    """Lets a body write `<prefix>*` beside, then moves all of it to `path`.

    Args:
      path: Of a file, or prefix of several.

    Yields:
      The path or prefix to write to, in a directory of its own on the same
      file system. If the body fails, what it wrote is removed.
    """
    directory, name = os.path.split(path)
    with explained(path, "written"):
        tf.io.gfile.makedirs(directory or ".")
        beside = _beside(directory or ".")
        try:
            yield os.path.join(beside, name)
            written = sorted(tf.io.gfile.listdir(beside), key=_index_last)
            for file in written:
                _flush(os.path.join(beside, file))
            for file in written:
                source = os.path.join(beside, file)
                target = os.path.join(directory, file)
                tf.io.gfile.rename(source, target, overwrite=True)
            _flush(directory or ".")
        finally:
            _remove(beside)


def name_newest(prefix, older=()):
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
                held = os.path.basename(path)
                file.write(f'all_model_checkpoint_paths: "{held}"\n')


def clean(directory):
    """Removes what a killed process left half written in a directory."""
    for name in tf.io.gfile.listdir(directory):
        path = os.path.join(directory, name.rstrip("/"))
        if name.startswith(_WRITING) and tf.io.gfile.isdir(path):
            _remove(path)


def _flush(path):
    """Brings a file, or a directory's names, from the cache to the disk."""
    if "://" in path:
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _index_last(name):
    """A tensor bundle is seen by its index, which therefore comes last."""
    return name.endswith(".index"), name


def _beside(directory):
    if "://" in directory:
        beside = os.path.join(directory, f"{_WRITING}{os.getpid()}")
        tf.io.gfile.makedirs(beside)
        return beside
    return tempfile.mkdtemp(prefix=_WRITING, dir=directory)


def _remove(directory):
    if "://" in directory:
        tf.io.gfile.rmtree(directory)
    else:
        shutil.rmtree(directory, ignore_errors=True)
