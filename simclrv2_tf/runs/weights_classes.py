"""What is known of the classes of trained weights: names, and a classifier."""

from __future__ import annotations

import os

from simclrv2_tf import export
from simclrv2_tf.checkpoints import flags_beside
from simclrv2_tf.checkpoints import saved_model
from simclrv2_tf.checkpoints import tf1
from simclrv2_tf.files.run_files import is_export
from simclrv2_tf.hub.snapshots import local
from simclrv2_tf.runs import weights
from simclrv2_tf.runs.export_beside import find_export


def has_classifier(source: str | os.PathLike) -> bool:
    """Whether the supervised head that weights have was trained at all.

    Pretraining without `lineareval_while_pretraining` leaves it as it was
    initialised, and its exports have none.
    """
    if _exports_features(source):
        return False
    return not flags_beside.leave_classifier(weights.flags_of(source))


def check_classifier(source: str | os.PathLike) -> None:
    """Raises a ValueError if there is no trained classifier.

    Args:
      source: Anything that `--checkpoint` accepts.
    """
    if not has_classifier(source):
        raise ValueError(
            f"Expected a trained classifier. Received: {source!r}, which was "
            "pretrained without one (lineareval_while_pretraining=False, or "
            "no labels): fine-tune it first, or embed with --mode=embed."
        )


def _exports_features(source):
    """Whether a source is an export of ours that has no classes."""
    path = local(source)
    if tf1.find(path) is not None:
        return False
    directory = saved_model.find(path)
    if directory is None or not is_export(directory):
        return False
    _, arguments = saved_model.read_ours(directory)
    return not arguments["num_classes"]


def class_names(source: str | os.PathLike) -> list[str] | None:
    """Names of a network's classes, as its run or its export has them.

    Args:
      source: Anything that `--checkpoint` accepts.

    Returns:
      List of names, None if they are not known.
    """
    path = local(source)
    prefix, directory = tf1.find(path), find_export(path)
    if prefix is not None:
        return weights.flags_of(prefix).get("class_names")
    names = None if directory is None else export.read_labels(directory)
    return names if names and _are_names(path, names) else None


def _are_names(path, names):
    """Whether labels of an export are names, for its Keras file.

    That of an export without names meets data by number, as others do.
    """
    numbers = list(map(str, range(len(names))))
    return names != numbers or saved_model.find(path) is not None


def as_written(source: str | os.PathLike) -> bool:
    """Whether `class_names` are as the data have them.

    Runs of earlier versions, whose flags do not say so, may have rewritten
    numbers, see `unknown_classes`.

    Args:
      source: Anything that `--checkpoint` accepts.
    """
    flags = weights.flags_of(source)
    return not flags or flags.get("class_names_as_written", False)
