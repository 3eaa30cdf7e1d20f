"""Steps of each stage: what the time budget comes to at a measured speed."""

from __future__ import annotations

import dataclasses

from simclrv2_tf.models import layer_costs
from simclrv2_tf.recipes.budget.durations import duration
from simclrv2_tf.recipes.budget.step_time import StepTime
from simclrv2_tf.recipes.choices import pilots
from simclrv2_tf.recipes.choices import teacher_trials
from simclrv2_tf.recipes.facts import Facts
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe

# Of the time that is left when every run has started and ended: distillation
# needs about a third of pretraining's steps (benchmarks/digits.json).
LABELS, DISTILLATION = 0.08, 0.25
# Shares for pilot runs, the second where the first is too short for two runs:
# colour distortion that does not suit the data costs more than a sixth of
# pretraining does.
PILOTS = (0.2, 0.35)
# For trials of the teacher's fine-tuning, which take no fewer steps than
# fine-tuning takes for the fewest labels.
TRIALS, LEAST_TRIAL_STEPS = 0.2, 100
# Before so many steps nothing is told apart: the signs' first hundred steps
# leave the loss above chance (benchmarks/recipes.md).
LEAST_PILOT_STEPS = 120
MOST_EPOCHS = {"pretrain": 800, "distill": 400}  # the paper's
WARMUP = 0.05  # of the steps, the paper's
ENDING = 12.0  # seconds to evaluate and export a run, on two cores
STEP = 0.01  # seconds of a step whatever its network
# Times what multiplications say that a step of distillation takes: a small
# student leaves more of it to crops and colours (benchmarks/recipes.md).
VIEWS = 1.2
CHECKPOINT = 60.0  # seconds of work that a kill may cost
SOURCE = "measured on this machine"


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


def plan(recipe: Recipe, facts: Facts, costs: Costs, spent: float) -> None:
    """Chooses the steps of every stage.

    Args:
      recipe: A `Recipe`, to which they are added.
      facts: `Facts`.
      costs: `Costs`.
      spent: Seconds of the budget that are gone.

    Raises:
      ValueError: If the time does not allow one epoch of pretraining.
    """
    runs = len(stages_of(recipe, facts))
    fixed = spent + runs * costs.run
    work = max(0.0, facts.seconds - fixed)
    if facts.labelled:
        work -= _plan_pilots(recipe, facts, costs, work)
        work -= _plan_trials(recipe, facts, costs, work)
        for stage in ("finetune", "scratch"):
            steps = _label_steps(facts, recipe.options(stage), stage)
            most = int(LABELS * work / costs.step[stage])
            _choose_steps(recipe, facts, costs, stage, min(steps, most))
        work -= sum(
            recipe.seconds[stage] - costs.run
            for stage in ("finetune", "scratch")
        )
        share = 1.0 if "pretrain" in recipe.left_out else DISTILLATION
        steps = int(share * work / costs.step["distill"])
        _choose_steps(recipe, facts, costs, "distill", steps)
        work *= 1 - DISTILLATION
    if "pretrain" in recipe.left_out:
        return
    if facts.channels > 1 and not recipe.pilot_runs:
        pilots.do_without(recipe)
    steps = int(work / costs.step["pretrain"])
    _check_epoch(recipe, facts, costs, steps, fixed)
    _choose_steps(recipe, facts, costs, "pretrain", steps)


def stages_of(recipe: Recipe, facts: Facts) -> list[str]:
    """Those that a job goes through."""
    stages = STAGES if facts.labelled else STAGES[:1]
    return [stage for stage in stages if stage not in recipe.left_out]


def _label_steps(facts, options, stage):
    """60 epochs for few labels, 30 for many, as in the paper.

    The fewest labels make 100 steps of fine-tuning at a low rate, and 200
    from scratch, which starts from nothing. At no rate there is nothing to do.
    """
    if not options["learning_rate"]:
        return 1
    epochs = 60 if facts.per_class < 100 else 30
    least = 100 if stage == "finetune" else 200
    return max(least, epochs * facts.labelled // options["train_batch_size"])


def _plan_pilots(recipe, facts, costs, work):
    """Seconds for pilot runs, 0 where they would tell nothing."""
    trials = pilots.wanted(recipe)
    if not trials or recipe.left_out or facts.fewest < 2:
        return 0.0
    for share, most in zip(PILOTS, (1 + len(trials), 2), strict=True):
        if _fit_pilots(recipe, costs, share * work, most):
            recipe.seconds["pilots"] = share * work
            return share * work
    return 0.0


def _fit_pilots(recipe, costs, seconds, most):
    """Chooses as many runs as there is time for; whether there is for two."""
    start = max(0.0, costs.run - ENDING)  # nothing is exported
    for runs in range(most, 1, -1):
        steps = int((seconds / runs - start) / costs.step["pretrain"])
        if steps >= LEAST_PILOT_STEPS:
            why = f"{runs} runs in {duration(seconds)}"
            recipe.choose("pilot", "train_steps", steps, why, SOURCE)
            recipe.pilot_runs = runs
            return True
    return False


def _plan_trials(recipe, facts, costs, work):
    """Seconds for trials of the teacher's fine-tuning, 0 without any."""
    if not teacher_trials.wanted(recipe, facts.labelled, facts.fewest):
        return 0.0
    each, start = costs.step["finetune"], max(0.0, costs.run - ENDING)
    runs = teacher_trials.runs(recipe, facts.labelled)
    # What is chosen may train for as long once more.
    most = int((TRIALS * work - runs * start) / (runs + 1) / each)
    steps = _trial_steps(recipe, facts, most)
    if not steps:
        return 0.0
    why = f"{runs} runs, each without one label in {teacher_trials.PARTS}"
    recipe.choose("trial", "train_steps", steps, why, SOURCE)
    _choose_pace(recipe, "trial", steps, each)
    recipe.trials = True
    recipe.seconds["trials"] = runs * start + (runs + 1) * steps * each
    return recipe.seconds["trials"]


def _trial_steps(recipe, facts, most):
    """As many as a network from scratch takes, 0 if there is no time."""
    asked = recipe.given.get("finetune", {}).get("train_steps")
    steps = _label_steps(facts, recipe.options("scratch"), "scratch")
    steps = min(steps, most)
    return asked or (steps if steps >= LEAST_TRIAL_STEPS else 0)


def _choose_steps(recipe, facts, costs, stage, steps):
    options = recipe.options(stage)
    batch = options["train_batch_size"]
    examples = facts.labelled if stage in ("finetune", "scratch") else None
    examples = examples or facts.examples
    if stage in MOST_EPOCHS:
        steps = min(steps, MOST_EPOCHS[stage] * examples // batch)
    if options.get("train_epochs"):
        steps = options["train_epochs"] * examples // batch
    steps = max(1, options.get("train_steps") or steps)
    each = costs.step[stage]
    recipe.seconds[stage] = steps * each + costs.run
    epochs = f"{steps * batch / examples:.0f}"
    plural = "" if epochs == "1" else "s"
    why = f"{epochs} epoch{plural}, {each:.3f} s each step"
    if "train_epochs" not in recipe.given.get(stage, {}):
        recipe.choose(stage, "train_steps", steps, why, SOURCE)
    if stage in MOST_EPOCHS:
        warmup = round(WARMUP * steps * batch / examples, 2)
        why = f"{WARMUP:.0%} of the steps"
        recipe.choose(
            stage, "warmup_epochs", warmup, why, "SimCLRv2, Chen et al. 2020"
        )
    _choose_pace(recipe, stage, steps, each)


def shorten(recipe: Recipe, stage: str, share: float, why: str) -> None:
    """Has a stage take a share of the steps that were planned.

    Args:
      recipe: A `Recipe` that is planned; what the user gave stays.
      stage: Name of the stage.
      share: Above 0, up to 1.
      why: In words.
    """
    options = recipe.options(stage)
    steps = max(1, round(share * options["train_steps"]))
    changes = {
        "train_steps": steps,
        "warmup_epochs": round(share * options["warmup_epochs"], 2),
        "checkpoint_steps": min(steps, options["checkpoint_steps"]),
    }
    for option, value in changes.items():
        recipe.choose(stage, option, value, why, SOURCE)


def _choose_pace(recipe, stage, steps, each):
    """How often a stage saves and tells, at so many seconds a step."""
    every = max(1, min(steps, round(CHECKPOINT / each)))
    why = f"a kill costs {duration(CHECKPOINT)} at most"
    recipe.choose(stage, "checkpoint_steps", every, why, SOURCE)
    shown = max(1, min(100, steps // 10))
    recipe.choose(stage, "train_summary_steps", shown, "ten lines", "-")
    recipe.choose(stage, "keep_checkpoint_max", 2, "the last ones", "-")


def _check_epoch(recipe, facts, costs, steps, fixed):
    options = recipe.options("pretrain")
    if "train_steps" in options or "train_epochs" in options:
        return
    needed = facts.examples / options["train_batch_size"]
    if steps < needed:
        share = 1.0
        if facts.labelled:
            share = (1 - DISTILLATION) * (1 - PILOTS[0] - 2 * LABELS)
        seconds = fixed + needed * costs.step["pretrain"] / share
        minutes = int(seconds / 60) + 1
        raise ValueError(
            "The time budget must allow an epoch of pretraining, for which "
            f"this job needs {minutes // 60:02d}:{minutes % 60:02d}. Received: "
            f"{duration(facts.seconds)} for {facts.examples:,} images"
        )
