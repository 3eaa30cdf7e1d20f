"""Files appear whole or not at all."""

import contextlib
import os
import shutil
import tempfile

import tensorflow as tf

from simclrv2_tf.checkpoints.reading import explained


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
                source = os.path.join(beside, file)
                target = os.path.join(directory, file)
                tf.io.gfile.rename(source, target, overwrite=True)
        finally:
            _remove(beside)


def name_newest(prefix):
    """Writes the `checkpoint` file that names a directory's newest."""
    directory, name = os.path.split(prefix)
    with files(os.path.join(directory, "checkpoint")) as staged:
        with tf.io.gfile.GFile(staged, "w") as file:
            file.write(f'model_checkpoint_path: "{name}"\n')
            file.write(f'all_model_checkpoint_paths: "{name}"\n')


def _index_last(name):
    """A tensor bundle is seen by its index, which therefore comes last."""
    return name.endswith(".index"), name


def _beside(directory):
    if "://" in directory:
        beside = os.path.join(directory, f".writing-{os.getpid()}")
        tf.io.gfile.makedirs(beside)
        return beside
    return tempfile.mkdtemp(prefix=".writing-", dir=directory)


def _remove(directory):
    if "://" in directory:
        tf.io.gfile.rmtree(directory)
    else:
        shutil.rmtree(directory, ignore_errors=True)
