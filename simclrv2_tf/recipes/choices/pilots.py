"""How strong augmentation should be: short runs, judged by the labels."""

from __future__ import annotations

import dataclasses
import os
import time
from typing import Any

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.probing.intervals import surely_better
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.choices.feature_probe import right
from simclrv2_tf.recipes.choices.label_weights import weighted_accuracy
from simclrv2_tf.recipes.choices.short_run import DIVERGED
from simclrv2_tf.recipes.choices.short_run import outcome
from simclrv2_tf.recipes.choices.short_run import tell
from simclrv2_tf.recipes.choices.short_run import train_alone
from simclrv2_tf.recipes.job_recipe import STAGES
from simclrv2_tf.recipes.job_seconds import spent_before
from simclrv2_tf.recipes.rules.pilot_options import AREA
from simclrv2_tf.recipes.rules.pilot_options import GRAY
from simclrv2_tf.recipes.rules.pilot_options import STRENGTH
from simclrv2_tf.recipes.rules.pilot_options import is_half_side
from simclrv2_tf.recipes.rules.pilot_options import wanted

PART = "pilots"
STAGES_OF = {STRENGTH: ("pretrain",), GRAY: ("pretrain",), AREA: STAGES}
SOURCE = "pilot runs, judged by a cross-validated probe"
USUAL = "usual"
_GOES_ON = "; pretraining goes on from the run that was chosen"


def choose_augmentation(job) -> None:
    """Has a `Job`'s recipe take the augmentation that suits the labels best."""
    judged, words = outcome(job.record, PART, lambda: _judged(job))
    chosen = judged["chosen"]
    if not isinstance(chosen, dict):  # the strength alone, in earlier jobs
        chosen = {STRENGTH: chosen}
    why = f"right of the labelled images, left out in turn: {words}"
    for option, value in chosen.items():
        for stage in STAGES_OF[option]:
            job.recipe.choose(stage, option, value, why, SOURCE)
    goes_on = begins_at(job) and "attempts" not in job.record.done
    augmentation = f"augmentation {described(chosen)} by pilot runs ({words})"
    tell(job.recipe, augmentation + (_GOES_ON if goes_on else ""))


def begins_at(job) -> str | None:
    """The directory of the run that a `Job`'s pretraining goes on from.

    That is the one that was chosen: what it has learnt is not learnt again.
    None without pilot runs, where none is better than no training, and after
    those on smaller images.
    """
    part = job.record.done.get(PART, {}).get("begins_at")
    path = part and job.record.path(part)
    return path if path and os.path.isdir(path) else None


def begin_anew(job) -> None:
    """Has a `Job`'s notes not say that pretraining goes on from a pilot run.

    A start that did not learn begins again without its weights.
    """
    notes = job.recipe.notes
    notes[:] = [note.removesuffix(_GOES_ON) for note in notes]


def described(chosen: dict[str, float]) -> str:
    """A choice in words."""
    changed = (f"{option} {value:g}" for option, value in chosen.items())
    return ", ".join(changed) or USUAL


def _judged(job):
    """What each trial told, and what is best of all."""
    begin = time.monotonic() - spent_before(job.record, PART)
    chosen: dict[str, Any] = {}
    scores = {USUAL: _pilot(job, chosen)}
    best = scores[USUAL]
    for trial in wanted(job.recipe)[: job.recipe.pilot_runs - 1]:
        tried = {**chosen, **trial}
        reached = scores[described(tried)] = _pilot(job, tried)
        if surely_better(reached, best):
            chosen, best = tried, reached
    scores["untrained"] = _untrained(job)
    learnt = weighted_accuracy(best) > weighted_accuracy(scores["untrained"])
    goes_on = learnt and not is_half_side(job.recipe)
    scores["raw pixels"] = right(job, baselines.pixels_of)
    return {
        "shares": {name: weighted_accuracy(r) for name, r in scores.items()},
        "chosen": chosen,
        "begins_at": _folder(chosen) if goes_on else None,
        "seconds": time.monotonic() - begin,
    }


def _pilot(job, changed):
    """A short pretraining with some options, and what its features tell.

    It saves as often as pretraining does, so that a kill costs no more of it;
    0 steps stand for the epochs that are given in their place.
    """
    folder = _folder(changed)
    options, config = job.recipe.options("pilot"), job.config_of("pretrain")
    steps = options["train_steps"]
    examples = job.data.train.num_examples
    config = dataclasses.replace(
        config,
        **changed,
        model_dir=job.record.path(folder),
        image_size=options.get("image_size", config.image_size),
        train_steps=steps,
        warmup_epochs=0.1 * steps * config.train_batch_size / examples,
        checkpoint_steps=min(steps, config.checkpoint_steps),
        train_summary_steps=min(steps, config.train_summary_steps),
        logger="tensorboard",  # to others a job is its stages
        profile_steps=None,
    )
    if folder not in job.record.done:
        job.run_part(folder, config, job.interruption, train_alone)
    if DIVERGED in job.record.done[folder]:
        return right(job, _nothing)
    network = hub.load_network(config.model_dir)
    return right(job, lambda s: baselines.unit_features(network, s))


def _folder(changed):
    parts = (f"{option}_{value:g}" for option, value in changed.items())
    return os.path.join(PART, "-".join(parts) or USUAL)


def _nothing(source):
    """Features that tell nothing, as those of a run that diverged."""
    return np.zeros((source.num_examples, 1), np.float32)


def _untrained(job):
    folder = _folder({})
    if DIVERGED in job.record.done[folder]:  # its network was never written
        return right(job, _nothing)
    directory = job.record.path(folder)
    network = baselines.untrained_like(hub.load_network(directory))
    return right(job, lambda s: baselines.unit_features(network, s))
