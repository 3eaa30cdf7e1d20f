"""What a job's parts cost: seconds of a step of each stage, and of a run."""

from __future__ import annotations

import dataclasses

from simclrv2_tf.models import layer_costs
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.job_recipe import Recipe

ENDING = 12.0  # seconds to evaluate and export a run, on two cores
STEP = 0.01  # seconds of a step whatever its network
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
    """

    step: dict[str, float]
    run: float
    decoding: float = 0.0

    @property
    def waits(self) -> bool:
        """Whether a step of pretraining is as long as decoding its images."""
        return self.decoding > 0.99 * self.step["pretrain"]


def costs_of(recipe: Recipe, measured: StepTime) -> Costs:
    """The costs of all stages from those of a step of pretraining.

    Pretraining has two views. A step takes as long as the longer of its
    computing and its images.
    """
    pretrain = recipe.options("pretrain")
    teacher = multiplications(pretrain)
    views = 2 * pretrain["train_batch_size"]
    unit = measured.step / (views * _passes(pretrain) * teacher)
    work = {"pretrain": measured.step}
    for stage in ("finetune", "scratch", "distill"):
        options = recipe.options(stage)
        if "train_batch_size" in options:
            each = _passes(options) * multiplications(options)
            each += teacher if stage == "distill" else 0
            each *= VIEWS if stage == "distill" else 1
            work[stage] = STEP + options["train_batch_size"] * each * unit
    images = {s: _of_images(recipe.options(s), s, measured) for s in work}
    step = {stage: max(work[stage], images[stage]) for stage in work}
    decoding = pretrain["train_batch_size"] * measured.decoding.image
    return Costs(step, measured.start + ENDING, decoding)


def _passes(options):
    """Forward passes that a step takes as long as: a backward pass is two.

    `remat` makes the activations again, which is one more.
    """
    return 4 if options.get("remat") else 3


def _of_images(options, stage, measured):
    """Seconds that the input of a step takes, which computing overlaps."""
    views = step_time.VIEWS if stage == "pretrain" else 1
    labelled = stage in ("finetune", "scratch")
    decoding = measured.decoding
    image = decoding.labelled if labelled else decoding.image
    return options["train_batch_size"] * (image + views * measured.crop)


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
