"""What a job's parts cost: seconds of a step of each stage, and of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from simclrv2_tf import scaling
from simclrv2_tf.models import layer_costs
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe

ENDING = 12.0  # seconds to evaluate and export a run, on two cores
STEP = 0.01  # seconds of a step whatever its network
# Options that make a step take more passes through the network.
_OF_PASSES = ("remat", "gradient_cache_microbatch", "memory_size")
# Times what multiplications say that a step of distillation takes: a small
# student leaves more of it to crops and colours (benchmarks/recipes.md).
VIEWS = 1.2


@dataclasses.dataclass(frozen=True)
class Costs:
    """Seconds of the parts of a job.

    Attributes:
      step: {stage: seconds of a step}.
      run: Seconds that a run takes beside its steps.
      decoding: Seconds that the images of a step of pretraining take to
        decode, 0 where they are in memory.
      measured: Whether a step was timed, and not reckoned on paper.
    """

    step: dict[str, float]
    run: float
    decoding: float = 0.0
    measured: bool = True

    @property
    def waits(self) -> bool:
        """Whether a step of pretraining is as long as decoding its images."""
        return self.decoding > 0.99 * self.step["pretrain"]


def costs_of(
    recipe: Recipe, measured: StepTime, stages: Sequence[str] = STAGES
) -> Costs:
    """The costs of a job's stages from those of a step of pretraining.

    Pretraining has two views. A step takes as long as the longer of its
    computing and its images.

    Args:
      recipe: A `Recipe`.
      measured: The `StepTime` of its pretraining.
      stages: Names of the stages that the job has; pretraining's costs are
        there in any case.
    """
    pretrain = recipe.options("pretrain")
    teacher = multiplications(pretrain)
    views = 2 * pretrain["train_batch_size"]
    unit = measured.step / (views * _passes(pretrain) * teacher)
    work = {"pretrain": measured.step}
    for stage in (s for s in stages if s != "pretrain"):
        options = recipe.options(stage)
        each = _passes(options) * multiplications(options)
        each += teacher if stage == "distill" else 0
        each *= VIEWS if stage == "distill" else 1
        work[stage] = STEP + options["train_batch_size"] * each * unit
    images = {s: _of_images(recipe.options(s), s, measured) for s in work}
    step = {stage: max(work[stage], images[stage]) for stage in work}
    decoding = pretrain["train_batch_size"] * measured.decoding.of("pretrain")
    return Costs(step, measured.start + ENDING, decoding, measured.measured)


def _passes(options):
    """Forward passes that a step of a stage takes as long as."""
    return scaling.passes(
        **{name: options[name] for name in _OF_PASSES if name in options}
    )


def _of_images(options, stage, measured):
    """Seconds that the input of a step takes, which computing overlaps."""
    views = step_time.VIEWS if stage == "pretrain" else 1
    image = measured.decoding.of(stage) + views * measured.crop
    return options["train_batch_size"] * image


def multiplications(options: dict) -> int:
    """Multiply-adds of one image in a stage's network."""
    parts = layer_costs.count(
        options["image_size"],
        options.get("channels", 3),
        head={"num_layers": options.get("num_proj_layers", 1), "out_dim": 128},
        depth=options["resnet_depth"],
        width_multiplier=options["width_multiplier"],
    )
    return sum(part.multiplications for part in parts.values())
