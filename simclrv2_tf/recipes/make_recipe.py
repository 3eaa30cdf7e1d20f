"""From data and machine to a recipe: rules, memory, a probe, the time."""

from __future__ import annotations

import dataclasses
import os
import time

from simclrv2_tf import hub
from simclrv2_tf.config import Config
from simclrv2_tf.config import time_budget_seconds
from simclrv2_tf.data.source import Source
from simclrv2_tf.recipes import job_directory
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes import stage_checks
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.budget import decoding_time
from simclrv2_tf.recipes.budget import default_time
from simclrv2_tf.recipes.budget import few_epochs
from simclrv2_tf.recipes.budget import image_memory
from simclrv2_tf.recipes.budget import memory_fit
from simclrv2_tf.recipes.budget import network_sizes
from simclrv2_tf.recipes.budget import self_distillation
from simclrv2_tf.recipes.budget import smaller_batches
from simclrv2_tf.recipes.budget import stage_costs
from simclrv2_tf.recipes.budget import step_time
from simclrv2_tf.recipes.budget import time_plan
from simclrv2_tf.recipes.budget.machine import this_machine
from simclrv2_tf.recipes.budget.network_sizes import SMALL_STEM
from simclrv2_tf.recipes.choices import teacher_trials
from simclrv2_tf.recipes.facts import CONTINUED
from simclrv2_tf.recipes.facts import Facts
from simclrv2_tf.recipes.images import data_outline
from simclrv2_tf.recipes.images import image_sample
from simclrv2_tf.recipes.images import leakage
from simclrv2_tf.recipes.images.job_data import JobData
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.images.mirroring import told_from_mirror
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.recommend import choose_rates
from simclrv2_tf.recipes.recommend import recommend
from simclrv2_tf.recipes.rule_values import LONG
from simclrv2_tf.recipes.rule_values import in_equal_parts

WEIGHTS = "simclrv2/pretrained/r50_1x_sk0"  # the smallest that are published
PHOTOGRAPH = 64  # pixels of a side from which images may be photographs
# What weights tell of the images that they are for, and of their network.
_OF_IMAGES = ("image_size", "channels")
_TOLD = (
    *_OF_IMAGES,
    "resnet_depth",
    "width_multiplier",
    "sk_ratio",
    "se_ratio",
    "proj_head_mode",
    "num_proj_layers",
    "proj_out_dim",
)


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
    sample, unreadable = _looked_at(config, data)
    facts = gather(config, data, sample)
    recipe = recommend(facts)
    recipe.give(stage_configs.given(config, facts.pretrained))
    recipe.notes = [*data_outline.notes(data), *unreadable]
    recipe.notes += [*leakage.notes(data), str(facts.machine)]
    start_from(recipe, facts)
    recipe.notes += _of_long_images(recipe, facts) + _of_weights(facts)
    stage_checks.check_rates(config, recommend(facts), recipe.left_out)
    stage_checks.check_weights(recipe, facts.initial)
    stage_checks.check_options(config, recipe, data)
    stage_checks.check_networks(config, recipe, data, facts.initial)
    replicas = max(1, facts.machine.accelerators)
    stages = STAGES if len(data.labelled) else STAGES[:1]
    decoding = decoding_time.measure(data.train)
    images = image_memory.of_images(data, decoding.nbytes)
    memory, weights = (config.memory_budget, replicas), (facts.initial, images)
    memory_fit.fit(recipe, *memory, stages, *weights)
    choose_rates(recipe, facts)
    kept = image_memory.kept(recipe, images)
    decoding = dataclasses.replace(decoding, kept=kept)
    step = _measured(recipe, facts, data.train, decoding)
    costs = stage_costs.costs_of(recipe, step, stages, facts)
    facts = default_time.as_measured(facts, recipe, costs)
    spent = time.monotonic() - begin
    facts = time_plan.with_an_epoch(recipe, facts, costs, spent)
    if self_distillation.is_due(recipe, facts, costs, spent):
        recipe, costs = _self_distilled(
            recipe, facts, costs, step, spent, (*memory, *weights)
        )
    time_plan.plan(recipe, facts, costs, spent)
    recipe.notes += few_epochs.notes(recipe, facts, costs) + _of_times(costs)
    stage_checks.check_steps(config, recipe, data, replicas)
    recipe.notes += stage_checks.notes(config, recipe, facts.labelled > 0)
    memory_fit.tell(recipe, _short_runs(recipe, facts))
    return recipe


def _self_distilled(recipe, facts, costs, step, spent, limits):
    """Recipe and costs with the teacher's network as the student.

    Those that there are where it does not fit the memory or the time.
    """
    other = self_distillation.chosen(recipe)
    try:
        memory_fit.fit_again(other, self_distillation.STAGES, *limits)
    except ValueError:
        return recipe, costs
    kept = image_memory.kept(other, limits[-1])
    decoding = dataclasses.replace(step.decoding, kept=kept)
    step = dataclasses.replace(step, decoding=decoding)
    other_costs = stage_costs.costs_of(other, step, facts=facts)
    if time_plan.is_short(other, facts, other_costs, spent):
        return recipe, costs
    return other, other_costs


def _short_runs(recipe, facts):
    trials = teacher_trials.runs(recipe, facts.labelled) if recipe.trials else 0
    return recipe.pilot_runs + trials


def _looked_at(config, data):
    """What some images are like, and notes on those that cannot be read.

    Pretraining reads all of them, and what is exported is evaluated.
    """
    sample = image_sample.look_at(data.train)
    notes = _readable(config, "pretrain", data.train, sample)
    if data.evaluation is not None:
        other = image_sample.look_at(data.evaluation)
        notes += _readable(config, "distill", data.evaluation, other)
    return sample, notes


def _readable(config, stage, source, sample):
    own = stage_configs.given(config)[stage]
    share = own.get("max_corrupt_fraction", config.max_corrupt_fraction)
    image_sample.check(source, sample, share)
    return image_sample.notes(source, sample, share)


def gather(
    config: Config, data: JobData, sample: image_sample.ImageSample
) -> Facts:
    """The facts that the rules look at."""
    facts = Facts(
        examples=data.train.num_examples,
        labelled=len(data.labelled),
        fewest=data.fewest,
        classes=data.train.num_classes,
        side=sample.side,
        elongation=sample.elongation,
        grey=sample.grey,
        channels=data.train.num_channels,
        machine=this_machine(config.memory_budget, config.strategy),
        seconds=time_budget_seconds(config),
        told_from_mirror=told_from_mirror(data.train, sample.pixels),
        initial=_initial(config, data.train.num_examples),
        given=stage_configs.given(config)["pretrain"],
        evaluated=data.evaluation.num_examples if data.evaluation else 0,
    )
    return facts if facts.seconds else default_time.with_default(facts)


def _initial(config, examples):
    """Arguments of the network that `--checkpoint` holds, {} for none.

    It is read as the stage does that begins with it.
    """
    if not config.checkpoint:
        return {}
    few = examples < CONTINUED
    own = stage_configs.given(config, few)["finetune" if few else "pretrain"]
    weights = hub.find_weights(
        config.checkpoint,
        own.get("checkpoint_ema", False),
        own.get("checkpoint_ignore"),
    )
    return weights.arguments


def _of_long_images(recipe, facts):
    """What becomes of images that are far from square."""
    if facts.elongation <= LONG:
        return []
    seen = "are squeezed to squares"
    if recipe.options("pretrain")["image_size"] > SMALL_STEM:
        seen = "show the square in their middle alone"
    return [
        f"images are {facts.elongation:.1f} times as long as wide: views show "
        f"a part of them, and where classes are told they {seen}; cut or pad "
        "them if that loses what tells the classes apart"
    ]


def _of_weights(facts):
    """What is worth more than pretraining on a few photographs."""
    few = facts.examples < CONTINUED and not facts.initial
    if not few or facts.channels != 3 or facts.side < PHOTOGRAPH:
        return []
    return [
        "if these are photographs, published weights tell more than any "
        f"pretraining on {facts.examples:,} of them, where they can be had: "
        f"--checkpoint={WEIGHTS} (SimCLR's transfer, table 8)"
    ]


def start_from(recipe: Recipe, facts: Facts) -> None:
    """The teacher is as the weights that it starts from.

    All stages see images of one size and of as many channels, as student and
    teacher look at the same ones.
    """
    why, source = "as --checkpoint has it", "the checkpoint"
    for name, value in _told(facts.initial).items():
        stages = STAGES if name in _OF_IMAGES else ("pretrain", "finetune")
        for stage in stages:
            recipe.choose(stage, name, value, why, source)
    if facts.initial.get("proj_head_mode") == "none":
        recipe.choose("finetune", "ft_proj_selector", 0, why, source)
    if facts.pretrained:
        recipe.left_out.append("pretrain")
        why = "a step is measured in little memory: it is not trained so"
        batch = in_equal_parts(
            smaller_batches.LEAST_MICROBATCH, facts.machine.accelerators
        )
        recipe.choose("pretrain", "train_batch_size", batch, why, source)
        recipe.notes.append(
            f"pretraining is left out: the weights given have seen more than "
            f"{facts.examples:,} images can add (below {CONTINUED:,}; SimCLR's "
            "transfer, table 8)"
        )


def _told(initial):
    """{option: value} of what weights tell; those for 3 channels leave it."""
    known = {"channels": 3, **initial} if initial else {}
    return {name: known[name] for name in _TOLD if name in known}


def _measured(recipe, facts, source, decoding):
    """A step's time; on paper where the job is as short as measuring it."""
    options = recipe.options("pretrain")
    size, batch = network_sizes.choose(facts), options["train_batch_size"]
    reckoned = network_sizes.step_seconds(size, facts, batch)
    if time_plan.all_given(recipe, facts, step_time.STEPS):
        return step_time.StepTime(reckoned, 10.0, decoding, measured=False)
    return step_time.measure(options, source, reckoned, decoding)


def _of_times(costs):
    """What the plan's times are worth where nothing was measured."""
    if costs.measured:
        return []
    return [
        f"times are not known: each stage is given {step_time.STEPS} steps or "
        "fewer, for which nothing is measured, and what is planned is on paper"
    ]


def recommend_for(
    config: Config,
    source: Source | None = None,
    eval_source: Source | None = None,
) -> dict:
    """Says what a job would do and why; nothing is trained.

    Args:
      config: A `Config`; with a `model_dir` flagfiles are written there. The
        recipe of a job that has begun there is told, and its files are left.
      source: A `Source` to train on, in place of the config's.
      eval_source: A `Source` to evaluate on, in place of the config's.

    Returns:
      Dictionary of "options" {stage: {option: value}}, "seconds" {part:
      seconds}, "notes", and "flagfiles", the paths that were written.

    Raises:
      ValueError: If data, machine and time do not go together, or `model_dir`
        is that of a run or of another job.
    """
    job_directory.check_machine(config)
    if config.model_dir:
        job_directory.check(config.model_dir)
    data = open_data(config, source, eval_source)
    begun = config.model_dir and job_directory.begun_with(config, data)
    if begun:
        recipe = Recipe.from_json(begun["recipe"])
    else:
        recipe = make_recipe(config, data)
    print("\n".join(recipe_text.lines(recipe)), flush=True)
    return {
        "options": {
            s: recipe.options(s) for s in STAGES if s in recipe.seconds
        },
        "seconds": recipe.seconds,
        "notes": recipe.notes,
        "flagfiles": _written(recipe, config.model_dir, bool(begun)),
    }


def _written(recipe, directory, begun):
    """Paths of the flagfiles; those of a job may say what it chose since."""
    if not directory:
        return []
    if begun:
        print(f"\nwith this the job in {directory} began", flush=True)
        paths = recipe_text.flagfiles(recipe, directory).values()
        return [path for path in paths if os.path.exists(path)]
    written = recipe_text.write_flagfiles(recipe, directory)
    print(f"\nwrote {', '.join(written)}", flush=True)
    return written
