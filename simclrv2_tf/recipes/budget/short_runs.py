"""Pilot runs and trials: how many there are, and how many steps they take."""

from __future__ import annotations

from simclrv2_tf.console.units import duration
from simclrv2_tf.recipes.budget.stage_costs import ENDING
from simclrv2_tf.recipes.budget.stage_costs import Costs
from simclrv2_tf.recipes.budget.stage_steps import MEASURED
from simclrv2_tf.recipes.budget.stage_steps import MOST_EPOCHS
from simclrv2_tf.recipes.budget.stage_steps import choose_pace
from simclrv2_tf.recipes.budget.stage_steps import label_steps
from simclrv2_tf.recipes.budget.stage_steps import least_steps
from simclrv2_tf.recipes.budget.stage_steps import steps_given
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import pilot_options
from simclrv2_tf.recipes.rules import trial_options
from simclrv2_tf.recipes.rules.facts import Facts

# Shares for pilot runs, the second where the first is too short for two runs:
# colour distortion that does not suit the data costs more than a sixth of
# pretraining does.
PILOTS = (0.2, 0.35)
# Before so many steps nothing is told apart: the first hundred steps on the
# hands leave the loss above chance (benchmarks/recipes.md).
LEAST_PILOT_STEPS = 120
# A pilot run tells augmentations apart long before pretraining has learnt all
# that it can.
PILOT_EPOCHS = MOST_EPOCHS["pretrain"] // 4
# Of images of half the side a step costs a quarter, and colours are told apart
# as well. Measured with so many steps (benchmarks/recipes.md, Grey views).
HALF_SIDE_STEPS = 150
# For trials of the teacher's fine-tuning, which take no fewer steps than
# fine-tuning takes for the fewest labels.
TRIALS, LEAST_TRIAL_STEPS = 0.2, 100


def most(recipe: Recipe, facts: Facts) -> list[int]:
    """How many short runs a job may have: all, pilot runs alone, or none.

    Args:
      recipe: A `Recipe` of the rules, with what the user gave.
      facts: `Facts`.
    """
    first = (
        1 + len(pilot_options.wanted(recipe))
        if _may_pilot(recipe, facts)
        else 0
    )
    both = first + _trials(recipe, facts)
    return sorted({both, first, 0}, reverse=True)


def planned(recipe: Recipe, facts: Facts) -> int:
    """How many of them a recipe has that is planned."""
    trials = trial_options.runs(recipe, facts.labelled) if recipe.trials else 0
    return recipe.pilot_runs + trials


def notes(recipe: Recipe, facts: Facts) -> list[str]:
    """What of them a job does without for want of memory, in a sentence.

    Where the time is too short for pilot runs, trials may fit in their place.

    Args:
      recipe: A `Recipe` that is planned.
      facts: `Facts`.
    """
    possible = most(recipe, facts)[0]
    bound = possible if facts.short_runs is None else facts.short_runs
    if possible and not bound:
        kinds = "pilot runs or trials"
    elif recipe.pilot_runs + _trials(recipe, facts) > bound:
        kinds = "trials"
    else:
        return []
    return [f"there are no {kinds}: the memory does not hold what they leave"]


def _may_pilot(recipe, facts):
    """Whether pilot runs would tell something."""
    judged = facts.fewest > 1 and facts.labelled >= pilot_options.LEAST_JUDGED
    return judged and not recipe.left_out and bool(pilot_options.wanted(recipe))


def _trials(recipe, facts):
    """How many runs trials of fine-tuning would be, 0 where none is held."""
    if not trial_options.wanted(recipe, facts.labelled, facts.fewest):
        return 0
    return trial_options.runs(recipe, facts.labelled)


def _in_memory(facts, runs):
    """As many of some short runs as there is memory for."""
    return runs if facts.short_runs is None else min(runs, facts.short_runs)


def plan_pilots(
    recipe: Recipe, facts: Facts, costs: Costs, work: float
) -> float:
    """Chooses pilot runs, and none where they would tell nothing.

    Args:
      recipe: A `Recipe`, to which they are added.
      facts: `Facts`.
      costs: `Costs`.
      work: Seconds of the budget that are left for steps.

    Returns:
      Seconds that they take.
    """
    if not _may_pilot(recipe, facts):
        return 0.0
    for share, side, runs in _ways_of_pilots(recipe, facts):
        runs = _in_memory(facts, runs)
        seconds = _fit_pilots(recipe, facts, costs, share * work, runs, side)
        if seconds:
            recipe.seconds["pilots"] = seconds
            return seconds
    return 0.0


def _ways_of_pilots(recipe, facts):
    """Yields shares of the time, sides of images, and runs: the best first."""
    options = recipe.options("pretrain")
    whole = options["image_size"]
    # Keras networks may take images of one size alone, or none so small.
    by_keras = options.get("backbone") or facts.initial.get("backbone")
    half = None if by_keras else pilot_options.half_side(whole)
    sides = [side for side in (whole, half) if side]
    first, second = PILOTS
    for side in sides:
        yield first, side, 1 + len(pilot_options.wanted(recipe, side))
    for side in sides:
        yield second, side, min(2, 1 + len(pilot_options.wanted(recipe, side)))


def _fit_pilots(recipe, facts, costs, seconds, most, side):
    """Chooses as many runs as there is time for; 0.0 if not for two."""
    start = max(0.0, costs.run - ENDING)  # nothing is exported
    start += costs.first_pass.get("pretrain", 0.0)
    enough = _enough_steps(recipe, facts, side)
    step = costs.of_pilot(not pilot_options.is_half_side(recipe, side))
    for runs in range(most, 1, -1):
        judging = costs.regressions.of_pilots(runs)
        each = (seconds - judging) / runs - start
        steps = int(each / step)
        if min(steps, enough) >= LEAST_PILOT_STEPS:
            if steps > enough:
                steps = enough
                each = start + steps * step
                seconds = runs * each + judging
            why = f"{runs} runs in {duration(seconds)}"
            recipe.choose("pilot", "train_steps", steps, why, MEASURED)
            _choose_side(recipe, side)
            recipe.pilot_runs = runs
            return seconds
    return 0.0


def _choose_side(recipe, side):
    """Chooses the size of the images of pilot runs."""
    why = "as pretraining, which goes on from one of them"
    if pilot_options.is_half_side(recipe, side):
        why = (
            "half of pretraining's, for which there is no time: they tell "
            "colours apart alone, and pretraining begins anew"
        )
    recipe.choose("pilot", "image_size", side, why, MEASURED)


def _enough_steps(recipe, facts, side):
    """The most of a pilot run, and no more than are given for pretraining."""
    options = recipe.options("pretrain")
    most = PILOT_EPOCHS * facts.examples // options["train_batch_size"]
    if pilot_options.is_half_side(recipe, side):
        most = min(most, HALF_SIDE_STEPS)
    return min(most, steps_given(options, facts.examples) or most)


def plan_trials(
    recipe: Recipe, facts: Facts, costs: Costs, work: float
) -> float:
    """Chooses trials of the teacher's fine-tuning, where there is time.

    Args:
      recipe: A `Recipe`, to which they are added.
      facts: `Facts`.
      costs: `Costs`.
      work: Seconds of the budget that are left for steps.

    Returns:
      Seconds that they take.
    """
    runs = _trials(recipe, facts)
    both = recipe.pilot_runs + runs
    if not runs or _in_memory(facts, both) < both:
        return 0.0
    each, start = costs.step["finetune"], max(0.0, costs.run - ENDING)
    start += costs.first_pass.get("finetune", 0.0) + costs.regressions.start
    probes = trial_options.probes(recipe, facts.labelled)
    fixed = runs * start + probes * costs.regressions.start
    # What is chosen may train for as long once more.
    whole = runs + costs.runs["finetune"]
    most = int((TRIALS * work - fixed) / whole / each)
    steps = _trial_steps(recipe, facts, most)
    if not steps:
        return 0.0
    parts = trial_options.parts(facts.fewest)
    why = f"{runs} runs, each without one label in {parts}"
    recipe.choose("trial", "train_steps", steps, why, MEASURED)
    choose_pace(recipe, "trial", steps, each if costs.measured else None)
    recipe.trials = True
    recipe.seconds["trials"] = fixed + whole * steps * each
    return recipe.seconds["trials"]


def _trial_steps(recipe, facts, most):
    """As many as a network from scratch takes, 0 if there is no time.

    Steps that are given for fine-tuning are those of the trials, too. What is
    chosen takes as many, and more than its warm-up.
    """
    given = recipe.given.get("finetune", {}).get("train_steps")
    if given:
        return given if given <= most else 0
    least = least_steps(recipe.options("finetune"), facts.labelled)
    least = max(LEAST_TRIAL_STEPS, least)
    steps = label_steps(facts, recipe.options("scratch"), "scratch")
    steps = min(max(least, steps), most)
    return steps if steps >= least else 0
