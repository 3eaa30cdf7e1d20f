"""Steps of each stage: what the time budget comes to at a measured speed."""

from __future__ import annotations

from simclrv2_tf.recipes.budget.durations import duration
from simclrv2_tf.recipes.budget.stage_costs import ENDING
from simclrv2_tf.recipes.budget.stage_costs import Costs
from simclrv2_tf.recipes.budget.stage_steps import MEASURED
from simclrv2_tf.recipes.budget.stage_steps import choose_pace
from simclrv2_tf.recipes.budget.stage_steps import choose_steps
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
        work = _plan_labelled(recipe, facts, costs, work)
    if "pretrain" in recipe.left_out:
        return
    if facts.channels > 1 and not recipe.pilot_runs:
        pilots.do_without(recipe)
    steps = int(work / costs.step["pretrain"])
    _check_epoch(recipe, facts, costs, steps, fixed)
    choose_steps(recipe, facts, costs, "pretrain", steps)


def _plan_labelled(recipe, facts, costs, work):
    """Chooses the steps of what labels are there for; seconds left after it."""
    work -= _plan_pilots(recipe, facts, costs, work)
    work -= _plan_trials(recipe, facts, costs, work)
    for stage in ("finetune", "scratch"):
        steps = _label_steps(facts, recipe.options(stage), stage)
        most = int(LABELS * work / costs.step[stage])
        choose_steps(recipe, facts, costs, stage, min(steps, most))
    work -= sum(
        recipe.seconds[stage] - costs.run for stage in ("finetune", "scratch")
    )
    share = 1.0 if "pretrain" in recipe.left_out else DISTILLATION
    steps = int(share * work / costs.step["distill"])
    choose_steps(recipe, facts, costs, "distill", steps)
    return work * (1 - DISTILLATION)


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
            recipe.choose("pilot", "train_steps", steps, why, MEASURED)
            recipe.pilot_runs = runs
            return True
    return False


def _plan_trials(recipe, facts, costs, work):
    """Seconds for trials of the teacher's fine-tuning, 0 without any."""
    if not teacher_trials.wanted(recipe, facts.labelled, facts.fewest):
        return 0.0
    each, start = (
        costs.step["finetune"],
        max(0.0, costs.run - ENDING),
    )
    runs = teacher_trials.runs(recipe, facts.labelled)
    # What is chosen may train for as long once more.
    most = int((TRIALS * work - runs * start) / (runs + 1) / each)
    steps = _trial_steps(recipe, facts, most)
    if not steps:
        return 0.0
    why = f"{runs} runs, each without one label in {teacher_trials.PARTS}"
    recipe.choose("trial", "train_steps", steps, why, MEASURED)
    choose_pace(recipe, "trial", steps, each)
    recipe.trials = True
    recipe.seconds["trials"] = runs * start + (runs + 1) * steps * each
    return recipe.seconds["trials"]


def _trial_steps(recipe, facts, most):
    """As many as a network from scratch takes, 0 if there is no time."""
    asked = recipe.given.get("finetune", {}).get("train_steps")
    steps = _label_steps(facts, recipe.options("scratch"), "scratch")
    steps = min(steps, most)
    return asked or (steps if steps >= LEAST_TRIAL_STEPS else 0)


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
