"""The classes that a network tells apart, and whether data has the same."""

import os

from simclrv2_tf import export
from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.runs import model_dir


def class_names(source):
    """Names of a network's classes, as its run or its export has them.

    Args:
      source: Anything that `--checkpoint` accepts.

    Returns:
      List of names, None if they are not known.
    """
    path = os.fspath(source)
    prefix, directory = tf1.find(path), saved_model.find(path)
    if prefix is not None:
        return model_dir.read_flags(os.path.dirname(prefix)).get("class_names")
    return None if directory is None else export.read_labels(directory)


def check_same(known, data, who):
    """Raises a ValueError if data has other classes than a network.

    Args:
      known: Names of the network's classes, None if they are not known.
      data: A `Source`; without labels anything goes.
      who: The network, in words.
    """
    if not known or not data.class_names or _numbers(known, data.class_names):
        return
    pairs = zip(known, data.class_names, strict=False)
    different = [i for i, (a, b) in enumerate(pairs) if a != b]
    if different:
        index = different[0]
        raise ValueError(
            f"{who} and the data must have the same classes in the same "
            f"order. Received: class {index} is {known[index]!r} for the "
            f"former and {data.class_names[index]!r} in {data.name}"
        )


def _numbers(*lists):
    """Whether one of the lists only counts, as where names are unknown."""
    return any(list(n) == [str(i) for i in range(len(n))] for n in lists)
