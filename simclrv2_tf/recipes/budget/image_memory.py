"""What the images of a job take in memory, and which stages keep them there."""

from __future__ import annotations

import dataclasses
import math

from simclrv2_tf.console.units import gigabytes
from simclrv2_tf.data.cache import COPIES
from simclrv2_tf.data.cache import SHARE
from simclrv2_tf.data.storage import Mapped
from simclrv2_tf.machine.free_memory import free_memory
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.runs.hardware.memory_check import Expected

ON_ALL = ("pretrain", "distill")  # stages that read all images
SOURCE = "benchmarks/input.json"


@dataclasses.dataclass(frozen=True)
class ImageMemory:
    """The pixels of a job's images.

    Attributes:
      all: Bytes of all images to train on.
      labelled: Bytes of those with labels.
      arrays: Whether they are pixels in memory before any stage, and there is
        nothing to decide.
    """

    all: float = 0.0
    labelled: float = 0.0
    arrays: bool = False

    def pixels(self, stage: str) -> float:
        """Bytes of the images that a stage reads."""
        return self.all if stage in ON_ALL else self.labelled

    def in_memory(self, stage: str) -> float:
        """Bytes that a stage takes for images in memory.

        All images of an array are there once already.
        """
        there = self.arrays and stage in ON_ALL
        return (COPIES - there) * self.pixels(stage)


NO_IMAGES = ImageMemory(arrays=True)


def of_images(data: JobData, nbytes: float) -> ImageMemory:
    """The images of a job.

    Args:
      data: Its `JobData`.
      nbytes: Bytes of the pixels of an image.
    """
    storage = data.train.storage
    return ImageMemory(
        all=nbytes * data.train.num_examples,
        labelled=nbytes * len(data.labelled),
        arrays=not storage.encoded and not isinstance(storage, Mapped),
    )


def before_fitting(
    recipe: Recipe, stage: str, expected: Expected, images: ImageMemory
) -> Expected:
    """What a stage takes with those images that it has in memory anyway."""
    given = recipe.given.get(stage, {}).get("cache_dataset")
    kept = given and images.pixels(stage) <= SHARE * _free(expected)
    if expected.on_host and (images.arrays or kept):
        taken = images.in_memory(stage)
        return dataclasses.replace(expected, images=taken)
    return expected


def decide(
    recipe: Recipe,
    stage: str,
    expected: Expected,
    images: ImageMemory,
    whole: float,
    limit: float,
) -> Expected:
    """Decides whether a stage keeps its images in memory.

    Args:
      recipe: A `Recipe`, to which it is added; what the user gave stays.
      stage: Name of the stage.
      expected: What it is expected to take without them.
      images: The job's `ImageMemory`.
      whole: Bytes that the process comes to without them.
      limit: Bytes that it may come to.

    Returns:
      `expected` with the images, where they are kept.
    """
    given = "cache_dataset" in recipe.given.get(stage, {})
    if images.arrays or given or whole > limit:  # the memory is not checked
        return expected
    taken, size = images.in_memory(stage), gigabytes(images.pixels(stage))
    if _fit(expected, images, stage, whole, limit):
        why = f"images are decoded once: {size} of pixels fit the memory"
        recipe.choose(stage, "cache_dataset", True, why, SOURCE)
        if expected.on_host:
            return dataclasses.replace(expected, images=taken)
        return expected
    why = (
        f"images are decoded in each epoch: {size} of pixels, which are there "
        f"{COPIES} times, do not fit the memory beside the network"
    )
    recipe.choose(stage, "cache_dataset", False, why, SOURCE)
    return expected


def _fit(expected, images, stage, whole, limit):
    """Whether images fit, with room for `data.cache` to find the same.

    It looks at what is free when a run begins, which is less by what earlier
    runs of the process have left.
    """
    room = _free(expected)
    if expected.on_host:
        if whole + images.in_memory(stage) > limit:
            return False
        room -= whole - expected.taken
    elif math.isnan(expected.peak):
        room = min(room, limit)
    return images.pixels(stage) <= SHARE * room


def _free(expected):
    """Bytes of the host that are free."""
    return expected.free if expected.on_host else free_memory()


def kept(recipe: Recipe, images: ImageMemory) -> tuple[str, ...]:
    """Stages whose images are decoded once.

    Args:
      recipe: A `Recipe` whose stages have been fitted to the memory.
      images: The job's `ImageMemory`.
    """
    room = SHARE * free_memory()
    return tuple(
        stage
        for stage in STAGES
        if recipe.options(stage).get("cache_dataset")
        and images.pixels(stage) <= room
    )
