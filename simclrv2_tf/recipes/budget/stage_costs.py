"""What a job's parts cost: seconds of a step of each stage, and of a run."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

from simclrv2_tf import scaling
from simclrv2_tf.models import layer_costs
from simclrv2_tf.recipes.budget import evaluation_time
from simclrv2_tf.recipes.budget import regression_time
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.budget.image_pass import ImagePass
from simclrv2_tf.recipes.budget.regression_time import RegressionTime
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules.facts import Facts

# Seconds to export a run and to begin its evaluation, on two cores.
ENDING = 12.0
STEP = 0.01  # seconds of a step whatever its network
# Seconds of steps from one checkpoint to the next, which a kill may cost.
CHECKPOINT = 60.0
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
      run: Seconds that a run takes beside its steps, what it is evaluated on
        and regressions.
      decoding: Seconds that the images of a step of pretraining take to
        decode, 0 where they are in memory.
      measured: Whether a step was timed, and not reckoned on paper.
      evaluation: {stage: seconds that its evaluation takes, and regressions
        on its features}; without labels {part of the job after pretraining:
        seconds}.
      runs: {stage: its runs}, one more for each part of the labels that
        `best_folds` leaves out.
      regressions: The `RegressionTime` of the job.
      checks: {stage: seconds that a step has of the evaluations of its
        checkpoints}, those of all its runs.
      half_side: Seconds of a step of pretraining on images of half the side.
      first_pass: {stage: seconds to decode the images that a run keeps in
        memory}.
    """

    step: dict[str, float]
    run: float
    decoding: float = 0.0
    measured: bool = True
    evaluation: dict[str, float] = dataclasses.field(default_factory=dict)
    runs: dict[str, int] = dataclasses.field(default_factory=dict)
    regressions: RegressionTime = RegressionTime()
    checks: dict[str, float] = dataclasses.field(default_factory=dict)
    half_side: float = 0.0
    first_pass: dict[str, float] = dataclasses.field(default_factory=dict)

    def of_pilot(self, whole: bool) -> float:
        """Seconds of a step of a pilot run, on whole images or smaller."""
        return self.step["pretrain"] if whole else self.half_side

    def of_step(self, stage: str) -> float:
        """Seconds of a step of all runs of a stage."""
        steps = self.runs.get(stage, 1) * self.step[stage]
        return steps + self.checks.get(stage, 0.0)

    def of_runs(self, stage: str) -> float:
        """Seconds that all runs of a stage take beside their steps."""
        each = self.run + self.first_pass.get(stage, 0.0)
        runs = self.runs.get(stage, 1) * each
        return runs + self.evaluation.get(stage, 0.0)

    @property
    def waits(self) -> bool:
        """Whether a step of pretraining is as long as decoding its images."""
        return self.decoding > 0.99 * self.step["pretrain"]


def costs_of(
    recipe: Recipe,
    measured: StepTime,
    stages: Sequence[str] = STAGES,
    facts: Facts | None = None,
) -> Costs:
    """The costs of a job's stages from those of a step of pretraining.

    Pretraining has two views. A step takes as long as the longer of its
    computing and its images. An image that a network is evaluated on takes a
    forward pass, a third of what it takes of a step (`scaling.passes`).

    Args:
      recipe: A `Recipe`.
      measured: The `StepTime` of its pretraining.
      stages: Names of the stages that the job has; pretraining's costs are
        there in any case.
      facts: `Facts`, which tell how many images are evaluated on, and what
        regressions learn from; None for none.
    """
    pretrain = recipe.options("pretrain")
    teacher = multiplications(pretrain)
    views = 2 * pretrain["train_batch_size"]
    unit = measured.step / (views * passes(pretrain) * teacher)
    work, forward = {"pretrain": measured.step}, {"pretrain": teacher * unit}
    for stage in (s for s in stages if s != "pretrain"):
        options = recipe.options(stage)
        once = multiplications(options)
        forward[stage] = once * unit
        each: float = passes(options) * once
        each += teacher if stage == "distill" else 0
        each *= VIEWS if stage == "distill" else 1
        work[stage] = STEP + options["train_batch_size"] * each * unit
    inputs = {s: _of_images(recipe.options(s), s, measured) for s in work}
    step = {stage: max(work[stage], inputs[stage]) for stage in work}
    decoding = pretrain["train_batch_size"] * measured.decoding.of("pretrain")
    parts = (measured.start + ENDING, decoding, measured.measured)
    half = max(_of_half_side(pretrain, measured), inputs["pretrain"])
    costs = Costs(step, *parts, runs=_runs(recipe, work), half_side=half)
    if facts is None:
        return costs
    images = ImagePass(measured.decoding.image, forward)
    first = _first_pass(measured.decoding, facts)
    costs = dataclasses.replace(costs, first_pass=first)
    costs = _judging(costs, recipe, facts, images)
    return _checking(costs, recipe, facts, images)


def _of_half_side(options, measured):
    """Seconds that a step on images of half the side computes."""
    half = {**options, "image_size": max(1, options["image_size"] // 2)}
    less = multiplications(half) / multiplications(options)
    return STEP + less * measured.step


def _first_pass(decoding, facts):
    """Seconds to decode what each stage keeps in memory then."""
    return {
        stage: decoding.image * facts.examples_of(stage)
        for stage in decoding.kept
    }


def _judging(costs, recipe, facts, images):
    """The costs with those of evaluations and of regressions."""
    evaluation = evaluation_time.seconds(recipe, facts, images, costs.step)
    if evaluation_time.EMBEDDING in evaluation and recipe.left_out:
        evaluation[evaluation_time.EMBEDDING] += ENDING  # to begin
    times = regression_time.reckon(recipe, facts, images)
    there = {s: n for s, n in costs.runs.items() if s not in recipe.left_out}
    for stage, seconds in times.of_stages(there).items():
        evaluation[stage] = evaluation.get(stage, 0.0) + seconds
    return dataclasses.replace(costs, evaluation=evaluation, regressions=times)


def _checking(costs, recipe, facts, images):
    """The costs with the evaluations of checkpoints: each, and the last."""
    evaluation, checks = dict(costs.evaluation), {}
    for stage in (s for s in costs.step if s != "pretrain"):
        options = recipe.options(stage)
        once = evaluation_time.of_a_checkpoint(options, facts, images.of(stage))
        if once:
            every = _between_checkpoints(
                options, stage, facts, costs.step[stage]
            )
            checks[stage] = once / every
            evaluation[stage] += once
    return dataclasses.replace(costs, evaluation=evaluation, checks=checks)


def _between_checkpoints(options, stage, facts, step):
    """Steps from one checkpoint of a stage to the next, given or chosen."""
    epoch = facts.examples_of(stage) // options["train_batch_size"]
    given = options.get("checkpoint_epochs", 0) * epoch
    every = options.get("checkpoint_steps") or given
    return every or max(1, round(CHECKPOINT / step))


def _runs(recipe, stages):
    """{stage: its runs}, with those that leave a part of the labels out."""
    return {s: 1 + recipe.options(s).get("best_folds", 0) for s in stages}


def passes(options: dict) -> int:
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
    return _counted(
        options["image_size"],
        options.get("channels", 3),
        options.get("num_proj_layers", 1),
        depth=options["resnet_depth"],
        width_multiplier=options["width_multiplier"],
        sk_ratio=options.get("sk_ratio", 0.0),
        se_ratio=options.get("se_ratio", 0.0),
    )


@functools.lru_cache(maxsize=64)  # a plan asks for the same few networks
def _counted(image_size, channels, layers, **backbone):
    head = {"num_layers": layers, "out_dim": 128}
    parts = layer_costs.count(image_size, channels, head=head, **backbone)
    return sum(part.multiplications for part in parts.values())
