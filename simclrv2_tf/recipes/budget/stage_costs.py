"""What a job's parts cost: seconds of a step of each stage, and of a run."""

from __future__ import annotations

import dataclasses

from simclrv2_tf.models import layer_costs
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
    """

    step: dict[str, float]
    run: float


def costs_of(recipe: Recipe, measured: StepTime) -> Costs:
    """The costs of all stages from those of a step of pretraining.

    A backward pass is two forward passes; pretraining has two views.
    """
    pretrain = recipe.options("pretrain")
    teacher = multiplications(pretrain)
    unit = measured.step / (6 * pretrain["train_batch_size"] * teacher)
    work = {"pretrain": measured.step}
    for stage in ("finetune", "scratch", "distill"):
        options = recipe.options(stage)
        if "train_batch_size" in options:
            each = 3 * multiplications(options)
            each += teacher if stage == "distill" else 0
            each *= VIEWS if stage == "distill" else 1
            work[stage] = STEP + options["train_batch_size"] * each * unit
    return Costs(work, measured.start + ENDING)


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
