"""How the teacher learns from the labels: short runs, some labels left out.

A linear probe of frozen features is best where pretraining suits the data and
labels are few. Where it does not, as with classes that colour tells apart, a
network that was never pretrained learns more from the same labels
(benchmarks/recipes.md), and is the better teacher. Labels that a run does not
see tell which way is best.
"""

from __future__ import annotations

import dataclasses
import os
import time

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.probing.intervals import surely_better
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.budget.stage_steps import least_steps
from simclrv2_tf.recipes.choices.label_parts import divided
from simclrv2_tf.recipes.choices.label_parts import on_a_part
from simclrv2_tf.recipes.choices.label_parts import readable
from simclrv2_tf.recipes.choices.label_weights import weighted_accuracy
from simclrv2_tf.recipes.choices.label_weights import weights
from simclrv2_tf.recipes.choices.short_run import DIVERGED
from simclrv2_tf.recipes.choices.short_run import outcome
from simclrv2_tf.recipes.choices.short_run import tell
from simclrv2_tf.recipes.choices.short_run import train_alone
from simclrv2_tf.recipes.choices.trial_fit import fits
from simclrv2_tf.recipes.job_seconds import spent_before
from simclrv2_tf.recipes.rules import trial_options
from simclrv2_tf.recipes.rules.teacher_ways import ALONE
from simclrv2_tf.recipes.rules.teacher_ways import PROBE
from simclrv2_tf.recipes.rules.teacher_ways import USUAL
from simclrv2_tf.recipes.rules.teacher_ways import is_probe
from simclrv2_tf.recipes.rules.teacher_ways import options_of
from simclrv2_tf.recipes.rules.teacher_ways import ways
from simclrv2_tf.runs import weights_order

PART = "trials"
FITTING = "trials that fit"  # the memory, in the job's record
SOURCE = "trials on a part of the labels"


def choose_way(job) -> None:
    """Has a `Job`'s recipe fine-tune in the way that suits the labels best."""
    judged, words = outcome(job.record, PART, lambda: _judged(job))
    why = f"right of {judged['examples']} labels left out: {words}"
    _follow(job.recipe, judged["chosen"], why, len(job.data.labelled))
    way = f"the teacher's fine-tuning: {judged['chosen']}"
    tell(job.recipe, f"{way}, by trials ({words})")


def _follow(recipe, name, why, labelled):
    """Has a recipe fine-tune in one of the ways, for longer than it warms up.

    Plans of earlier versions have not looked at a warm-up that is given.
    """
    way = options_of(recipe, name)
    if "train_steps" in way:
        least = least_steps(recipe.options("finetune"), labelled)
        way["train_steps"] = max(way["train_steps"], least)
    for option, value in way.items():
        recipe.choose("finetune", option, value, why, SOURCE)
    recipe.from_labels_alone = name == ALONE


def _judged(job):
    """What each way told right, and which is best."""
    begin = time.monotonic() - spent_before(job.record, PART)
    labelled = readable(job.data.train.subset(job.data.labelled))
    fewest = int(np.bincount(labelled.labels).min())
    parts = divided(labelled, trial_options.parts(fewest))
    turns = parts[: trial_options.turns(labelled.num_examples)]
    counted = _counted(job, turns)
    scores: dict[str, np.ndarray] = {}
    best = USUAL
    for name in _tried(job):
        scores[name] = _right(job, name, turns) * counted
        if surely_better(scores[name], scores[best]):
            best = name
    return {
        "shares": {name: weighted_accuracy(s) for name, s in scores.items()},
        "examples": len(scores[best]),
        "chosen": best,
        "seconds": time.monotonic() - begin,
    }


def _tried(job):
    """The ways that there is memory for: decided once, as what is free varies.

    A job that goes on after a kill tries what it had begun to.
    """
    done = job.record.done
    if FITTING not in done:
        free = (USUAL, PROBE)
        names = [n for n in ways(job.recipe) if n in free or _fits(job, n)]
        job.record.finish(FITTING, {"names": names})
    return done[FITTING]["names"]


def _fits(job, name):
    budget, before = job.config.memory_budget, job.recipe.memory_before
    return fits(_config(job, name), name, budget, before)


def _counted(job, turns):
    """What each label counts: see `weights`, and as the user asks for it."""
    labels = np.concatenate([left_out.labels for _, left_out in turns])
    given = job.recipe.options("finetune").get("class_weights")
    return weights(labels, job.data.counts(), given == "balanced")


def _right(job, name, turns):
    """Of each label that is left out, whether a way tells it right."""
    tells = _probe if is_probe(job.recipe, name) else _trial
    right = [
        tells(job, name, turn, known, left_out)
        for turn, (known, left_out) in enumerate(turns)
    ]
    return np.concatenate(right).astype(float)


def _probe(job, name, turn, known, left_out):
    """What is right by a linear probe, which takes no run."""
    del name, turn
    network = job.pretrained_network()
    features = [baselines.unit_features(network, s) for s in (known, left_out)]
    labels = linear_probe.classify(features[0], known.labels, features[1])
    return labels == left_out.labels


def _trial(job, name, turn, known, left_out):
    """What is right by a run that has not seen it; nothing if it diverged.

    The run may number its classes as the weights do that it starts from.
    """
    folder = os.path.join(PART, f"{name.replace(' ', '_')}_{turn}")
    path = job.record.path(folder)
    config = on_a_part(_config(job, name), known, model_dir=path)
    if folder not in job.record.done:
        job.run_part(folder, config, job.interruption, train_alone, known)
    if DIVERGED in job.record.done[folder]:
        return np.zeros(left_out.num_examples, bool)
    network = hub.load_network(config.model_dir)
    left_out = weights_order.in_order_of(config.model_dir, left_out)
    return baselines.classes_of(network, left_out) == left_out.labels


def _config(job, name):
    """The config of fine-tuning in one of the ways."""
    recipe = dataclasses.replace(job.recipe)
    _follow(recipe, name, "tried", len(job.data.labelled))
    return job.config_of("finetune", recipe)
