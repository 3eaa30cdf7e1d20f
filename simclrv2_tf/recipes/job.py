"""The three stages as one job, from images to an exported classifier."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from simclrv2_tf.config import Config
from simclrv2_tf.config import time_limit_seconds
from simclrv2_tf.data.source import Source
from simclrv2_tf.files.lock import Lock
from simclrv2_tf.files.lock import check_owner
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes import changed_devices
from simclrv2_tf.recipes import job_directory
from simclrv2_tf.recipes import make_recipe
from simclrv2_tf.recipes import recipe_text
from simclrv2_tf.recipes import stage_configs
from simclrv2_tf.recipes.budget import time_left
from simclrv2_tf.recipes.choices import pilots
from simclrv2_tf.recipes.choices import teacher_trials
from simclrv2_tf.recipes.choices.pretraining_retries import NothingLearnt
from simclrv2_tf.recipes.choices.pretraining_retries import pretrain
from simclrv2_tf.recipes.images.job_data import open_data
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.record import Record
from simclrv2_tf.recipes.results.job_outcome import conclude
from simclrv2_tf.recipes.results.scratch_job import from_labels_alone
from simclrv2_tf.recipes.results.unlabelled_job import embed_all
from simclrv2_tf.recipes.running_job import EndedByCallback
from simclrv2_tf.recipes.running_job import Job
from simclrv2_tf.recipes.running_job import Runner
from simclrv2_tf.runs.hardware import devices
from simclrv2_tf.runs.hardware import memory
from simclrv2_tf.runs.interruption import Interruption


def semi_supervised(
    config: Config,
    run: Runner,
    source: Source | None = None,
    eval_source: Source | None = None,
    interruption: Interruption | None = None,
) -> dict[str, Any]:
    """Pretrains, fine-tunes, distils, evaluates and exports.

    Killed at any moment, the same call goes on: every part of the job is a
    run that goes on, and what is done is not done again.

    Args:
      config: The job's `Config`.
      run: `session.run`, which starts a run.
      source: A `Source` to train on, in place of the config's.
      eval_source: A `Source` to evaluate on, in place of the config's.
      interruption: An `Interruption` that has begun; None for one of its own.

    Returns:
      Dictionary of what `report.json` holds: "rows", "export", "notes". Where
      a callback ended a run there is no row and no such file yet, and a note
      says so.

    Raises:
      ValueError: If data, machine, time and directory do not go together.
      TakenOver: If another process took the directory since.
    """
    job_directory.check_machine(config)
    job_directory.check(config.model_dir)
    memory.begin()
    data = open_data(config, source, eval_source)
    with contextlib.ExitStack() as stack:
        if interruption is None:
            limit = time_limit_seconds(config)
            interruption = stack.enter_context(
                Interruption(config.preemption_exit_code, limit)
            )
        recipe, seconds = _decide(config, data)
        lock = stack.enter_context(Lock(config.directory))
        record = Record(config.directory)
        recipe = _begin(config, data, record, recipe, seconds)
        side = recipe.options("pretrain").get("resize_shorter_side")
        data = data.reduced(side)
        job = Job(config, data, recipe, record, run, interruption, lock)
        changed_devices.check(job)
        try:
            return to_the_end(job)
        except EndedByCallback as end:
            print(f"\n{end}", flush=True)
            return {"rows": [], "export": None, "notes": [str(end)]}


def to_the_end(job: Job) -> dict[str, Any]:
    """The job, in the order of the paper; returns its report."""
    with baselines.batches_of(_evaluated_at_once(job)):
        return _all_stages(job)


def _evaluated_at_once(job):
    """Images that its pretrained network answers at once, by this call."""
    stage = "finetune" if "pretrain" in job.recipe.left_out else "pretrain"
    now = stage_configs.given(job.config)[stage]
    options = {**job.recipe.options(stage), **now}
    return options.get("eval_batch_size", Config.eval_batch_size)


def _all_stages(job):
    if job.recipe.pilot_runs:
        pilots.choose_augmentation(job)
        job.write_recipe()
    if "pretrain" not in job.recipe.left_out and not _learns(job):
        return from_labels_alone(job)
    if "attempts" in job.record.done:
        job.write_recipe()
    if not len(job.data.labelled):
        return embed_all(job)
    job.stage("scratch")
    if job.recipe.trials:
        teacher_trials.choose_way(job)
        job.write_recipe()
    job.stage("finetune")
    if time_left.keep_to_plan(job):
        job.write_recipe()
    job.stage("distill")
    check_owner(job.lock)
    return conclude(job)


def _learns(job):
    """Pretrains; whether that learnt anything, without which labels are left.

    Raises:
      NothingLearnt: If there are no labels either.
    """
    try:
        pretrain(job)
    except NothingLearnt:
        if not len(job.data.labelled):
            raise
        return False
    return True


def _decide(config, data):
    """The recipe, made once: a job that goes on has it already."""
    if job_directory.begun_with(config, data):
        return None, 0.0
    begin = time.monotonic()
    recipe = make_recipe.make_recipe(config, data)
    return recipe, time.monotonic() - begin


def _begin(config, data, record, recipe, seconds):
    """Writes down what was decided, or finds what had been."""
    begun = job_directory.begun_with(config, data)
    if begun:
        return Recipe.from_json(begun["recipe"])
    recipe_text.write_flagfiles(recipe, config.model_dir)
    record.begin(
        asked=stage_configs.job_flags(config),
        data=data.about(),
        recipe=recipe.to_json(),
        seconds=seconds,
        devices=devices.num_replicas(config),
    )
    print("\n".join(recipe_text.lines(recipe)), flush=True)
    return Recipe.from_json(record.begun()["recipe"])
