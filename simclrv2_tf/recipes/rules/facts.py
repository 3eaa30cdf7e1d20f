"""What a recipe is made from: the data, the machine, what may be spent."""

from __future__ import annotations

import dataclasses
from typing import Any
from typing import NamedTuple

from simclrv2_tf.recipes.rules.machine import Machine

CONTINUED = 50_000  # images from which pretraining goes on with given weights


class MirroredLabels(NamedTuple):
    """How a classifier of labelled images tells mirror images of a class.

    Attributes:
      right: Share of left-out images that it tells right.
      mirrored: Share of their mirror images that it takes for the same class.
      images: How many were left out.
      differ: Whether mirror images are surely told worse.
    """

    right: float
    mirrored: float
    images: int
    differ: bool


@dataclasses.dataclass(frozen=True)
class Facts:
    """All that the rules look at.

    Attributes:
      examples: Images to train on.
      labelled: Labels that are used.
      fewest: Labels of the class that has the fewest.
      classes: 0 without labels.
      side: Median of the images' shorter sides in pixels.
      channels: Of the images.
      machine: A `Machine`.
      seconds: The time budget.
      told_from_mirror: Share of images that are told from their mirror
        images, see `mirroring`.
      mirrored_labels: `MirroredLabels`, None where nothing tells them.
      initial: Arguments of the network that `--checkpoint` holds, {} for
        none.
      given: {option: value} of the user's for pretraining.
      elongation: Median of the images' longer sides over their shorter ones.
      seconds_given: Whether the user gave the time budget.
      grey: Whether the channels of each image are equal.
      evaluated: Images to evaluate on.
      largest: The largest `network_sizes.Size` that fits the memory, None
        where that bounds nothing.
      deserved: The `network_sizes.Size` that the time is for where none was
        given, None where it was.
      short_runs: Pilot runs and trials that there is memory for, None where
        that bounds nothing.
      reducible: Whether images are decoded as they are read, and nothing
        says yet what larger ones are reduced to.
      largest_given: The largest image size that the user gave a stage, or 0.
    """

    examples: int
    labelled: int
    fewest: int
    classes: int
    side: int
    channels: int
    machine: Machine
    seconds: float
    told_from_mirror: float = 0.5
    mirrored_labels: MirroredLabels | None = None
    initial: dict = dataclasses.field(default_factory=dict)
    given: dict = dataclasses.field(default_factory=dict)
    elongation: float = 1.0
    seconds_given: bool = True
    grey: bool = False
    evaluated: int = 0
    largest: Any = None
    deserved: Any = None
    short_runs: int | None = None
    reducible: bool = True
    largest_given: int = 0

    @property
    def per_class(self) -> float:
        """Labels of a class on average; a rare class is one among others."""
        return self.labelled / max(1, self.classes)

    def examples_of(self, stage: str) -> int:
        """Images that a stage goes through."""
        few = self.labelled if stage in ("finetune", "scratch") else 0
        return few or self.examples

    @property
    def coloured(self) -> bool:
        """Whether images differ in more than brightness and contrast."""
        return self.channels > 1 and not self.grey

    @property
    def pretrained(self) -> bool:
        """Whether weights are given that so few images add nothing to."""
        return bool(self.initial) and self.examples < CONTINUED
