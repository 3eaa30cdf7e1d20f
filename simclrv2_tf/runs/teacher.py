"""What a teacher knows of the images that it is to teach."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from simclrv2_tf.data import pipeline
from simclrv2_tf.models.network import Network
from simclrv2_tf.runs.inputs import TrainingData
from simclrv2_tf.runs.training_run import TrainingRun
from simclrv2_tf.stages.distill import size_of

MOST = 1000  # labelled images that a teacher is tried on
_LOG = logging.getLogger("simclrv2_tf")


def lines(run: TrainingRun) -> Iterator[str]:
    """The plan's lines on the teacher; warns where it is near chance."""
    teacher = run.stage.teacher
    sizes = size_of(teacher), size_of(run.stage.network)
    if sizes[0] != sizes[1]:
        yield (
            f"image size        {sizes[0]} pixels for the teacher, {sizes[1]} "
            f"for the student, of one view of {run.data.image_size}"
        )
    known = _tried(run.data.source)
    if not len(known):
        return
    right = top_1(teacher, run.data, known, run.plan.batch_size)
    yield (
        f"teacher           {right:.1%} top-1 on {len(known):,} labelled "
        "training images"
    )
    chance = 1 / teacher.get_config()["num_classes"]
    spread = np.sqrt(chance * (1 - chance) / len(known))
    if right < chance + 3 * spread:
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
    teacher: Network, data: TrainingData, numbers: np.ndarray, batch_size: int
) -> float:
    """Share of some examples that a network classifies as they are labelled.

    Args:
      teacher: A `Network` with a classifier.
      data: `TrainingData` of the same classes.
      numbers: Of its examples.
      batch_size: Images at a time.

    Raises:
      ValueError: If too many images cannot be read.
    """
    size = min(batch_size, len(numbers))
    batches = pipeline.eval_dataset(
        data.source,
        size,
        size_of(teacher),
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
