"""Checks of teachers and labels before distillation begins."""

from __future__ import annotations

import logging

from simclrv2_tf.config import Config
from simclrv2_tf.config.required import required
from simclrv2_tf.data.classes import in_order
from simclrv2_tf.data.classes import listed
from simclrv2_tf.data.source import Source
from simclrv2_tf.runs import teacher_sources
from simclrv2_tf.stages.distill import Teacher

_LOG = logging.getLogger("simclrv2_tf")


def check_classes(
    config: Config, teachers: list[Teacher], source: Source, num_classes: int
) -> None:
    """Raises a ValueError for a teacher of another number of classes.

    A warning tells where a Keras teacher may have them in another order.

    Args:
      config: A `Config`.
      teachers: Those that it names, in their order.
      source: The `Source` to train on.
      num_classes: Of the student.
    """
    names = teacher_sources.split(required(config.teacher, "teacher"))
    for name, teacher in zip(names, teachers, strict=True):
        known = teacher.get_config()["num_classes"]
        if known != num_classes:
            raise ValueError(
                "A teacher must know the classes of the data, or of the first "
                f"teacher if these have none. Received: {name!r} with {known} "
                f"classes, for {num_classes} of {source.name}"
            )
        if teacher_sources.is_keras(name):
            _warn_of_numbers(name, source)


def _warn_of_numbers(teacher, source):
    """Says where Keras numbers folders of whole numbers otherwise."""
    names = list(source.class_names or ())
    if names == sorted(names) or names != in_order(names):
        return
    _LOG.warning(
        "the classes of %s stand by size (%s), where Keras's "
        "image_dataset_from_directory has them by letters (%s): the teacher "
        "%s must have been trained with class_names in the first order",
        source.name,
        listed(names),
        listed(sorted(names)),
        teacher,
    )


def check_labels(config: Config, source: Source) -> None:
    """Refuses a loss on labels alone where there are none.

    A warning tells of a loss of which they are a part.

    Args:
      config: A `Config`.
      source: The `Source` to train on, with the labels that are used.

    Raises:
      ValueError: If nothing would be learnt.
    """
    if config.distill_alpha == 1 or (source.labels >= 0).any():
        return
    problem = (
        f"--distill_alpha={config.distill_alpha:g} gives a share of the loss "
        f"to labels, and no image of {source.name} has one"
    )
    if not config.distill_alpha:
        raise ValueError(f"{problem}: nothing would be learnt; 1 is for none.")
    _LOG.warning("%s: the loss is smaller by it; 1 is for none", problem)
