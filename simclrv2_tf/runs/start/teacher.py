"""A teacher's accuracy on labelled training images."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from simclrv2_tf.config.required import required
from simclrv2_tf.data import pipeline
from simclrv2_tf.runs.training_data import TrainingData
from simclrv2_tf.runs.training_run import TrainingRun
from simclrv2_tf.stages.distill import Teacher
from simclrv2_tf.stages.distill import size_of

MOST = 1000  # labelled images that a teacher is tried on
_LOG = logging.getLogger("simclrv2_tf")


def lines(run: TrainingRun) -> Iterator[str]:
    """The plan's lines on the teacher; warns where it is near chance."""
    known = _tried(run.data.source)
    for teacher in run.stage.teachers:
        yield from _lines(run, teacher, known)


def _lines(run, teacher, known):
    own = size_of(run.stage.network)
    size = size_of(teacher) or own
    if size != own:
        yield (
            f"image size        {size} pixels for the teacher, {own} "
            f"for the student, of one view of {run.data.image_size}"
        )
    if not len(known):
        return
    right = top_1(teacher, run.data, known, run.plan.batch_size, size)
    yield (
        f"teacher           {right:.1%} top-1 on {len(known):,} labelled "
        "training images"
    )
    _warn_near_chance(teacher, right, len(known))


def _warn_near_chance(teacher, right, tried):
    chance = 1 / teacher.get_config()["num_classes"]
    spread = np.sqrt(chance * (1 - chance) / tried)
    # Of a few images chance may tell most: halfway to all is not near it.
    if right < min(chance + 3 * spread, (1 + chance) / 2):
        _LOG.warning(
            "THE TEACHER IS NEAR CHANCE: %.1f %% of the labelled training "
            "images, where guessing gives %.1f %%. The student will learn "
            "that: look at the teacher's classes and at what it was trained "
            "on.",
            100 * right,
            100 * chance,
        )


def _tried(source):
    """Numbers of some labelled examples, spread over the data set."""
    known = np.flatnonzero(source.labels >= 0)
    return known[:: max(1, len(known) // MOST)][:MOST]


def top_1(
    teacher: Teacher,
    data: TrainingData,
    numbers: np.ndarray,
    batch_size: int,
    image_size: int | None = None,
) -> float:
    """Share of some examples that a network classifies as they are labelled.

    Args:
      teacher: A `Network` with a classifier, or a `KerasClassifier`.
      data: `TrainingData` of the same classes.
      numbers: Of its examples.
      batch_size: Images at a time.
      image_size: Side of the images in pixels; the teacher's unless given.

    Raises:
      ValueError: If too many images cannot be read.
    """
    size = min(batch_size, len(numbers))
    batches = pipeline.eval_dataset(
        data.source,
        size,
        required(image_size or size_of(teacher), "image_size"),
        unreadable=data.unreadable,
        numbers=numbers,
    )
    right = []
    with data.unreadable.explained():
        for images, rows in batches:
            logits = teacher(images, training=False)["logits_sup"]
            guesses = np.argmax(np.asarray(logits, np.float32), axis=-1)
            right.extend(guesses == data.source.labels[rows.numpy()])
    return float(np.mean(right)) if right else 0.0
