"""Names of the classes, one a line, as an asset of the SavedModel."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from collections.abc import Sequence

import keras
import tensorflow as tf

from simclrv2_tf.files.run_files import LABELS


@contextlib.contextmanager
def label_file(
    network: keras.Model, names: Sequence[str] | None = None
) -> Iterator[str | None]:
    """Writes the names of a network's classes.

    Args:
      network: A `Network`.
      names: As many as it has classes; numbers unless given.

    Yields:
      The path, None if it has no classes. It lasts as long as the body.

    Raises:
      ValueError: If there are more or fewer names than classes.
    """
    count = network.get_config()["num_classes"]
    names = [str(name) for name in names or range(count)]
    if len(names) != count:
        raise ValueError(
            "There must be as many class names as classes. Received: "
            f"{len(names)} names for {count} classes"
        )
    if not count:
        yield None
        return
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, LABELS)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{' '.join(n.splitlines())}\n" for n in names)
        yield path


def make_table(path: str) -> tf.lookup.StaticHashTable:
    """A table from class numbers (int64) to names, read from a label file."""
    initializer = tf.lookup.TextFileInitializer(
        path,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
    )
    return tf.lookup.StaticHashTable(initializer, default_value="")


def read_labels(directory: str) -> list[str] | None:
    """The class names of an exported version, None if it has none."""
    path = os.path.join(directory, tf.saved_model.ASSETS_DIRECTORY, LABELS)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path) as file:
        return file.read().split("\n")[:-1]
