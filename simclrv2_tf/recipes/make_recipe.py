"""From data and machine to a recipe: rules, memory, a probe, the time."""

from __future__ import annotations

import dataclasses
import time

from simclrv2_tf.config import Config
from simclrv2_tf.recipes import stage_checks
from simclrv2_tf.recipes import stage_devices
from simclrv2_tf.recipes.batch_rates import choose_rates
from simclrv2_tf.recipes.budget import decoding_time
from simclrv2_tf.recipes.budget import default_time
from simclrv2_tf.recipes.budget import few_epochs
from simclrv2_tf.recipes.budget import image_memory
from simclrv2_tf.recipes.budget import measured_speed
from simclrv2_tf.recipes.budget import memory_fit
from simclrv2_tf.recipes.budget import process_memory
from simclrv2_tf.recipes.budget import self_distillation
from simclrv2_tf.recipes.budget import short_runs
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.fitted_recipe import Limits
from simclrv2_tf.recipes.fitted_recipe import fitted
from simclrv2_tf.recipes.gathered_facts import gather
from simclrv2_tf.recipes.gathered_facts import look_at
from simclrv2_tf.recipes.images import data_outline
from simclrv2_tf.recipes.images import leakage
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.rules import rule_values
from simclrv2_tf.runs.hardware import devices


def make_recipe(config: Config, data: JobData) -> Recipe:
    """Decides everything that a job does.

    Args:
      config: The job's `Config`.
      data: Its `JobData`.

    Raises:
      ValueError: If memory or time do not allow it.
    """
    begin = time.monotonic()
    stage_checks.check_given(config)
    _meet_devices(config)
    sample, unreadable = look_at(config, data)
    facts = gather(config, data, sample)
    notes = [*data_outline.notes(data), *unreadable]
    notes += [*leakage.notes(data), str(facts.machine)]
    facts, recipe, step, limits = _tried(config, data, facts)
    slower = measured_speed.as_measured(facts, recipe, step)
    if slower is not facts:
        notes.append(measured_speed.note(slower))
        facts, recipe, step, limits = _tried(config, data, slower)
    recipe.notes = notes + recipe.notes
    return _planned(config, data, facts, recipe, step, limits, begin)


def _meet_devices(config):
    """Has a TPU join this process, whose cores are counted only then."""
    with devices.scope(config):
        pass


def _limits(config, data, facts, decoding):
    return Limits(
        config.memory_budget,
        max(1, facts.machine.accelerators),
        STAGES if len(data.labelled) else STAGES[:1],
        facts.initial,
        image_memory.of_images(data, decoding.nbytes),
    )


def _tried(config, data, facts):
    """What the rules choose, in the memory there is, and a step of it."""
    if "resize_shorter_side" not in config.given:
        data = data.reduced(rule_values.shorter_side(facts))
    decoding = decoding_time.measure(data.train)
    limits = _limits(config, data, facts, decoding)
    facts, recipe = fitted(config, data, facts, limits)
    choose_rates(recipe, facts)
    kept = image_memory.kept(recipe, limits.images)
    decoding = dataclasses.replace(decoding, kept=kept)
    step = _measured(config, recipe, facts, data.train, decoding)
    return facts, recipe, step, limits


def _measured(config, recipe, facts, source, decoding):
    """A step's time; on paper where the job is as short as measuring it."""
    reckoned = measured_speed.reckoned_seconds(recipe, facts)
    if time_plan.all_given(recipe, facts, step_time.STEPS):
        return step_time.StepTime(reckoned, 10.0, decoding, measured=False)
    options = {**recipe.options("pretrain"), **_of_the_process(config)}
    most = max(1, facts.machine.accelerators)
    replicas = stage_devices.replicas(recipe, "pretrain", most)
    return step_time.measure(options, source, reckoned, decoding, replicas)


def _of_the_process(config):
    """How the process ends that is asked to stop while a step is measured."""
    return {"preemption_exit_code": config.preemption_exit_code}


def _planned(config, data, facts, recipe, step, limits, begin):
    """The recipe with its steps, for what is left since `begin`."""
    costs = stage_costs.costs_of(recipe, step, limits.stages, facts)
    facts = default_time.as_measured(facts, recipe, costs)
    spent = time.monotonic() - begin
    facts = time_plan.with_an_epoch(recipe, facts, costs, spent)
    if self_distillation.is_due(recipe, facts, costs, spent):
        recipe, costs = _self_distilled(
            recipe, facts, costs, step, spent, limits
        )
    time_plan.plan(recipe, facts, costs, spent)
    recipe.notes += few_epochs.notes(recipe, facts, costs) + _of_times(costs)
    stage_checks.check_steps(config, recipe, data, limits.replicas)
    recipe.notes += stage_checks.notes(config, recipe, facts.labelled > 0)
    recipe.notes += short_runs.notes(recipe, facts)
    runs = short_runs.planned(recipe, facts)
    process_memory.tell(recipe, facts.short_runs, runs)
    return recipe


def _self_distilled(recipe, facts, costs, step, spent, limits):
    """Recipe and costs with the teacher's network as the student.

    Those that there are where it does not fit the memory or the time.
    """
    other = self_distillation.chosen(recipe)
    try:
        memory_fit.fit_again(
            other,
            self_distillation.STAGES,
            limits.memory_budget,
            limits.replicas,
            limits.initial,
            limits.images,
            facts.short_runs or 0,
        )
    except ValueError:
        return recipe, costs
    kept = image_memory.kept(other, limits.images)
    decoding = dataclasses.replace(step.decoding, kept=kept)
    step = dataclasses.replace(step, decoding=decoding)
    other_costs = stage_costs.costs_of(other, step, facts=facts)
    if time_plan.is_short(other, facts, other_costs, spent):
        return recipe, costs
    return other, other_costs


def _of_times(costs):
    """What the plan's times are worth where nothing was measured."""
    if costs.measured:
        return []
    return [
        f"times are not known: each stage is given {step_time.STEPS} steps or "
        "fewer, for which nothing is measured, and what is planned is on paper"
    ]
