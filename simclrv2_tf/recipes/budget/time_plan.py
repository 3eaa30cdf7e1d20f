"""Steps of each stage: what the time budget comes to at a measured speed."""

from __future__ import annotations

import dataclasses

from simclrv2_tf.recipes.budget import too_little_time
from simclrv2_tf.recipes.budget.short_runs import plan_pilots
from simclrv2_tf.recipes.budget.short_runs import plan_trials
from simclrv2_tf.recipes.budget.stage_costs import Costs
from simclrv2_tf.recipes.budget.stage_steps import choose_steps
from simclrv2_tf.recipes.budget.stage_steps import examples_of
from simclrv2_tf.recipes.budget.stage_steps import label_steps
from simclrv2_tf.recipes.budget.stage_steps import steps_given
from simclrv2_tf.recipes.choices import pilots
from simclrv2_tf.recipes.facts import Facts
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe

# Of the time that is left when every run has started and ended: distillation
# needs about a third of pretraining's steps (benchmarks/digits.json).
LABELS, DISTILLATION = 0.08, 0.25
ON_LABELS = ("finetune", "scratch")


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

    def short(seconds):
        tried = dataclasses.replace(facts, seconds=seconds)
        return _plan(_copy(recipe), tried, costs, spent)

    stage = short(facts.seconds)
    if stage:
        raise too_little_time.error(stage, facts, short)
    _plan(recipe, facts, costs, spent)


def _copy(recipe):
    """A recipe that can be planned without a change of the first."""
    return dataclasses.replace(recipe, seconds=dict(recipe.seconds))


def _plan(recipe, facts, costs, spent):
    """Chooses all steps; the first stage without time for an epoch, or None."""
    runs = len(stages_of(recipe, facts))
    work = max(0.0, facts.seconds - spent - runs * costs.run)
    afforded = {}
    if facts.labelled:
        afforded, work = _plan_labelled(recipe, facts, costs, work)
    if "pretrain" not in recipe.left_out:
        if facts.coloured and not recipe.pilot_runs:
            pilots.do_without(recipe)
        # The stages after it have a share of the time that it has.
        afforded = {"pretrain": int(work / costs.step["pretrain"])}
        choose_steps(recipe, facts, costs, "pretrain", afforded["pretrain"])
    return next(
        (s for s in afforded if _is_short(recipe, facts, s, afforded)), None
    )


def _is_short(recipe, facts, stage, afforded):
    """Whether there is no time for an epoch that was not given."""
    options = {**recipe.options(stage), "train_steps": None}
    given = {**options, **recipe.given.get(stage, {})}
    examples = examples_of(stage, facts)
    if steps_given(given, examples) or not options["learning_rate"]:
        return False
    return afforded[stage] * options["train_batch_size"] < examples


def _plan_labelled(recipe, facts, costs, work):
    """Chooses the steps of what labels are there for.

    Returns:
      {stage: steps that there is time for}, and the seconds that are left.
    """
    given = [stage for stage in ON_LABELS if _given(recipe, facts, stage)]
    steps = {stage: _given(recipe, facts, stage) for stage in given}
    work = max(0.0, work - sum(steps[s] * costs.step[s] for s in given))
    work -= plan_pilots(recipe, facts, costs, work)
    work -= plan_trials(recipe, facts, costs, work)
    afforded = {}
    for stage in ON_LABELS:
        most = afforded[stage] = int(LABELS * work / costs.step[stage])
        wanted = label_steps(facts, recipe.options(stage), stage)
        choose_steps(recipe, facts, costs, stage, min(wanted, most))
    chosen = [stage for stage in ON_LABELS if stage not in given]
    work -= sum(recipe.seconds[stage] - costs.run for stage in chosen)
    share = 1.0 if "pretrain" in recipe.left_out else DISTILLATION
    afforded["distill"] = int(share * work / costs.step["distill"])
    choose_steps(recipe, facts, costs, "distill", afforded["distill"])
    return afforded, work * (1 - DISTILLATION)


def _given(recipe, facts, stage):
    """Steps that the user gave a stage, 0 for none."""
    return steps_given(recipe.options(stage), examples_of(stage, facts))


def stages_of(recipe: Recipe, facts: Facts) -> list[str]:
    """Those that a job goes through."""
    stages = STAGES if facts.labelled else STAGES[:1]
    return [stage for stage in stages if stage not in recipe.left_out]
