"""Numbers that show whether pretraining learns, and those at its start."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from simclrv2_tf.runs.journal import Journal
from simclrv2_tf.runs.monitoring import health
from simclrv2_tf.stages.stage import Stage

FIRST_STEPS = 10  # that are the start: the warm-up has hardly begun
EVENT = "untrained"  # of the journal, for a run that goes on
_LOSS, _FOUND = "train/contrast_loss", "train/contrast_acc"


class LearningTrend:
    """Contrastive loss, positives found and neighbours, against the start.

    Neighbours are those of the untrained network, before the first step; the
    others are means of the first steps, whose rate is still low.

    Args:
      batch: Images in a step, over all replicas.
      journal: A `Journal`; it has the start of a run that goes on.
      neighbours: A `Neighbours`; None without labels.
      from_scratch: Whether the network is untrained at the start. A trained
        one need not get better, so that nothing is compared.
      memory_size: Keys of the memory, which fills in the first steps.
    """

    def __init__(
        self,
        batch: int,
        journal: Journal,
        neighbours: Neighbours | None = None,
        from_scratch: bool = True,
        memory_size: int = 0,
    ):
        self._batch = batch
        self._memory_size = memory_size
        self._chance_found = health.chance_found(batch)
        self._journal = journal
        self._neighbours = neighbours
        self._from_scratch = from_scratch
        self._start: dict[str, float] = {}
        # {step before a stretch: its length and means} of the first steps.
        self._first: dict[int, tuple[int, dict]] = {}

    def begin(self, step: int, stage: Stage) -> None:
        """Begins at a step: the start is measured, or in the journal."""
        if step == 0:
            self._add(step, self._of_neighbours(stage))
            return
        for event in self._journal.lines():
            if event["event"] == EVENT:
                self._start |= event.get("numbers", {})

    def step(self, step: int, metrics: dict | None, count: int) -> None:
        """Notes the means of the first steps.

        Args:
          step: That was trained.
          metrics: Means of the last steps.
          count: Of so many of them, since means began anew.
        """
        if step > FIRST_STEPS:
            return
        self._first[step - count] = (count, metrics or {})
        if step == FIRST_STEPS:
            written = FIRST_STEPS * self._batch  # two a step, half the steps
            filled = min(self._memory_size, written)
            self._add(step, self._of_steps(_mean(self._first), filled))

    def numbers(self, stage: Stage, metrics: dict) -> dict[str, float]:
        """Each number now, and at the start where that is known.

        Args:
          stage: The `Stage` that is trained.
          metrics: Those of the steps since the last report.
        """
        return {
            **self._of_steps(metrics, self._memory_size),
            "found_by_chance": self._chance_found,
            **self._of_neighbours(stage),
            **self._start,
        }

    def _add(self, step, numbers):
        if not self._from_scratch or not numbers:
            return
        at_start = {f"{name}_at_start": numbers[name] for name in numbers}
        self._start |= at_start
        self._journal.note(EVENT, step=step, numbers=at_start)

    def _of_steps(self, metrics, remembered):
        loss = float(metrics.get(_LOSS, math.nan))
        if not math.isfinite(loss):
            return {}
        chance = health.chance_loss(self._batch, remembered)
        return {
            "loss_share_of_chance": loss / chance,
            "positives_found": float(metrics[_FOUND]),
        }

    def _of_neighbours(self, stage):
        if self._neighbours is None:
            return {}
        return {"neighbours": self._neighbours.accuracy(stage)}


def _mean(stretches):
    """Means of the first steps, from those of their stretches.

    One without a finite loss tells nothing.
    """
    parts = [
        (count, means)
        for count, means in stretches.values()
        if math.isfinite(float(means.get(_LOSS, math.nan)))
    ]
    if len(parts) < 2:
        return parts[0][1] if parts else {}
    steps = sum(count for count, _ in parts)
    return {
        name: sum(count * float(means[name]) for count, means in parts) / steps
        for name in (_LOSS, _FOUND)
    }


class Neighbours:
    """Labelled images, and how many have a neighbour of their own class.

    Args:
      images: float (n, height, width, channels) in [0, 1], as evaluation sees
        them.
      labels: int (n,).
    """

    CHUNK = 64  # images at a time

    def __init__(self, images: np.ndarray, labels: np.ndarray):
        self._images = images
        self._labels = labels

    def accuracy(self, stage: Stage) -> float:
        """Share of the images whose nearest other one is of their class."""
        features = [
            stage.network(tf.constant(chunk), training=False)["final_avg_pool"]
            for chunk in self._chunks()
        ]
        rows = np.concatenate([np.asarray(f, np.float32) for f in features])
        return health.neighbour_accuracy(rows, self._labels)

    def _chunks(self):
        for first in range(0, len(self._images), self.CHUNK):
            yield self._images[first : first + self.CHUNK]
