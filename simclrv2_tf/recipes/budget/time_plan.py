"""Steps of each stage: what the time budget comes to at a measured speed."""

from __future__ import annotations

import dataclasses

from simclrv2_tf.recipes.budget import evaluation_time
from simclrv2_tf.recipes.budget import too_little_time
from simclrv2_tf.recipes.budget.default_time import MOST_SECONDS
from simclrv2_tf.recipes.budget.short_runs import plan_pilots
from simclrv2_tf.recipes.budget.short_runs import plan_trials
from simclrv2_tf.recipes.budget.stage_costs import Costs
from simclrv2_tf.recipes.budget.stage_steps import MANY_LABELS
from simclrv2_tf.recipes.budget.stage_steps import MEASURED
from simclrv2_tf.recipes.budget.stage_steps import MOST_EPOCHS
from simclrv2_tf.recipes.budget.stage_steps import choose_steps
from simclrv2_tf.recipes.budget.stage_steps import label_steps
from simclrv2_tf.recipes.budget.stage_steps import steps_given
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import pilot_options
from simclrv2_tf.recipes.rules.facts import Facts

# Of the time that is left when every run has started and ended: distillation
# needs about a third of pretraining's steps (benchmarks/digits.json).
LABELS, DISTILLATION = 0.08, 0.25
# Of a student that starts as its teacher. Normalization takes some steps to
# get used to other views (benchmarks/recipes.md).
SELF_DISTILLATION, SELF_STEPS = 0.1, 50
ON_LABELS = ("finetune", "scratch")
AS_LONG = "as many seconds as distillation, which it is compared with"
# Parts that are none of the stages, which come after them without labels.
AFTER = (evaluation_time.EMBEDDING, evaluation_time.PAGE)


def plan(recipe: Recipe, facts: Facts, costs: Costs, spent: float) -> None:
    """Chooses the steps of every stage.

    Args:
      recipe: A `Recipe`, to which they are added.
      facts: `Facts`.
      costs: `Costs`.
      spent: Seconds of the budget that are gone.

    Raises:
      ValueError: If the time does not allow one epoch of pretraining, or of
        what is trained where weights are given in its place.
    """
    short = _shortness(recipe, facts, costs, spent)
    stage = short(facts.seconds)
    if stage:
        raise too_little_time.error(stage, facts, short)
    _plan(recipe, facts, costs, spent)


def tried(recipe: Recipe, facts: Facts, costs: Costs, spent: float) -> Recipe:
    """A copy of a recipe with the steps that `plan` would choose.

    Args:
      recipe: A `Recipe`, which is not changed.
      facts: `Facts`.
      costs: `Costs`.
      spent: Seconds of the budget that are gone.
    """
    copy = _copy(recipe)
    _plan(copy, facts, costs, spent)
    return copy


def is_short(recipe: Recipe, facts: Facts, costs: Costs, spent: float) -> bool:
    """Whether `plan` would raise an error."""
    return _shortness(recipe, facts, costs, spent)(facts.seconds) is not None


def with_an_epoch(
    recipe: Recipe, facts: Facts, costs: Costs, spent: float
) -> Facts:
    """Facts with time for an epoch of each stage, where nobody gave a budget.

    A day at most. Steps that are given for one stage may leave no time for
    another one.

    Args:
      recipe: A `Recipe`, which is not changed.
      facts: `Facts`.
      costs: `Costs`.
      spent: Seconds of the budget that are gone.
    """
    short = _shortness(recipe, facts, costs, spent)
    if facts.seconds_given or not short(facts.seconds):
        return facts
    minutes = too_little_time.least_minutes(short, int(facts.seconds / 60))
    if 60 * minutes > MOST_SECONDS:
        return facts
    return dataclasses.replace(facts, seconds=60.0 * minutes)


def _shortness(recipe, facts, costs, spent):
    """From the seconds of a budget to the first stage that has no epoch."""

    def short(seconds):
        other = dataclasses.replace(facts, seconds=seconds)
        return _plan(_copy(recipe), other, costs, spent)

    return short


def _copy(recipe):
    """A recipe that can be planned without a change of the first."""
    return dataclasses.replace(recipe, seconds=dict(recipe.seconds))


def _plan(recipe, facts, costs, spent):
    """Chooses all steps; the first stage without time for an epoch, or None."""
    stages = stages_of(recipe, facts)
    given = {stage: _given(recipe, facts, stage) for stage in stages}
    spent += sum(costs.of_runs(s) + given[s] * costs.of_step(s) for s in stages)
    after = {p: costs.evaluation[p] for p in AFTER if p in costs.evaluation}
    recipe.seconds |= after
    spent += sum(after.values())
    work, afforded = max(0.0, facts.seconds - spent), {}
    if facts.labelled:
        afforded, work = _plan_labelled(recipe, facts, costs, work, given)
    if "pretrain" in stages:
        if facts.coloured and not recipe.pilot_runs:
            pilot_options.do_without(recipe, facts.labelled)
        steps = int(work / costs.step["pretrain"])
        choose_steps(recipe, facts, costs, "pretrain", steps)
        if not given["pretrain"]:
            # The stages after it have a share of the time that it has.
            afforded = {"pretrain": steps}
    return next(
        (s for s in afforded if _is_short(recipe, facts, s, afforded)), None
    )


def _is_short(recipe, facts, stage, afforded):
    """Whether there is no time for an epoch that was not given."""
    options = {**recipe.options(stage), "train_steps": None}
    given = {**options, **recipe.given.get(stage, {})}
    examples = facts.examples_of(stage)
    if steps_given(given, examples) or not options["learning_rate"]:
        return False
    return afforded[stage] * options["train_batch_size"] < examples


def _plan_labelled(recipe, facts, costs, work, given):
    """Chooses the steps of what labels are there for.

    Args:
      recipe: A `Recipe`.
      facts: `Facts`.
      costs: `Costs`.
      work: Seconds for the steps that are not given.
      given: {stage: steps that the user gave}, for each stage of the job.

    Returns:
      {stage: steps that there is time for}, and the seconds that are left.
    """
    work -= plan_pilots(recipe, facts, costs, work)
    work -= plan_trials(recipe, facts, costs, work)
    afforded = {}
    for stage in ON_LABELS:
        most = afforded[stage] = int(LABELS * work / costs.of_step(stage))
        wanted = label_steps(facts, recipe.options(stage), stage)
        steps = min(wanted, most)
        longer = _as_distillation(recipe, facts, costs, work, given, stage)
        choose_steps(recipe, facts, costs, stage, max(steps, longer))
        if longer > steps:
            recipe.choose(stage, "train_steps", longer, AS_LONG, MEASURED)
    chosen = [stage for stage in ON_LABELS if not given[stage]]
    work -= sum(
        recipe.seconds[stage] - costs.of_runs(stage) for stage in chosen
    )
    each = costs.of_step("distill")
    step = each / work if work > 0 else 0.0
    share = _of_distillation(recipe, given, step)
    most = int(share * work / each)
    choose_steps(recipe, facts, costs, "distill", most)
    return {"distill": most, **afforded}, work * (1 - share)


def _as_distillation(recipe, facts, costs, work, given, stage):
    """Steps from scratch on many labels, in the seconds of distillation.

    Fewer would flatter what it is compared with. 0 for few labels, where its
    steps are given, and for fine-tuning, which comes before it.
    """
    many = facts.per_class >= MANY_LABELS
    if stage != "scratch" or not many or given["scratch"]:
        return 0
    if not given["finetune"]:
        work -= recipe.seconds["finetune"] - costs.of_runs("finetune")
    seconds = _seconds_of_distillation(recipe, facts, costs, work, given)
    return int(seconds / costs.of_step("scratch"))


def _seconds_of_distillation(recipe, facts, costs, work, given):
    """What it has of the work, where training from scratch has as much."""
    each, options = costs.of_step("distill"), recipe.options("distill")
    if given["distill"]:  # which `work` is without
        return min(given["distill"] * each, max(0.0, work) / 2)
    share = _of_distillation(recipe, given, each / work if work > 0 else 0.0)
    most = MOST_EPOCHS["distill"] * facts.examples
    most_seconds = most // options["train_batch_size"] * each
    return min(share * max(0.0, work) / (1 + share), most_seconds)


def _of_distillation(recipe, given, step):
    """Its share of the time that is left for it and pretraining.

    All of it where pretraining is left out, or its steps are given.
    """
    if given["distill"]:
        return 0.0
    if given.get("pretrain") != 0:
        return 1.0
    if not recipe.self_distillation:
        return DISTILLATION
    return max(SELF_DISTILLATION, min(DISTILLATION, SELF_STEPS * step))


def all_given(recipe: Recipe, facts: Facts, most: int) -> bool:
    """Whether the user gave each stage of a job steps, and no more than some.

    Args:
      recipe: A `Recipe` whose steps are not chosen yet.
      facts: `Facts`.
      most: Steps of a stage.
    """
    steps = [_given(recipe, facts, s) for s in stages_of(recipe, facts)]
    return bool(steps) and all(0 < count <= most for count in steps)


def _given(recipe, facts, stage):
    """Steps that the user gave a stage, 0 for none."""
    return steps_given(recipe.options(stage), facts.examples_of(stage))


def stages_of(recipe: Recipe, facts: Facts) -> list[str]:
    """Those that a job goes through."""
    stages = STAGES if facts.labelled else STAGES[:1]
    return [stage for stage in stages if stage not in recipe.left_out]
