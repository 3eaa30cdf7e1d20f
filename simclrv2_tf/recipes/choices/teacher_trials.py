"""How the teacher learns from the labels: short runs, some labels left out.

A linear probe of frozen features is best where pretraining suits the data and
labels are few. Where it does not, as with classes that colour tells apart, a
network that was never pretrained learns more from the same labels
(benchmarks/recipes.md), and is the better teacher. Labels that a run does not
see tell which way is best.
"""

from __future__ import annotations

import dataclasses
import math
import os
import time
from typing import Any

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.probing import linear_probe
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.budget.stage_steps import least_steps
from simclrv2_tf.recipes.choices.label_parts import divided
from simclrv2_tf.recipes.choices.label_parts import on_a_part
from simclrv2_tf.recipes.choices.label_parts import readable
from simclrv2_tf.recipes.choices.pilots import surely_better
from simclrv2_tf.recipes.choices.short_run import DIVERGED
from simclrv2_tf.recipes.choices.short_run import train_alone
from simclrv2_tf.recipes.choices.trial_fit import fits
from simclrv2_tf.recipes.choices.trial_fit import rate_scale
from simclrv2_tf.recipes.job_recipe import Recipe
from simclrv2_tf.recipes.job_seconds import spent_before
from simclrv2_tf.recipes.rule_values import LOW_RATE
from simclrv2_tf.recipes.rule_values import WHOLE_RATE
from simclrv2_tf.runs import weights_order

PART = "trials"
FITTING = "trials that fit"  # the memory, in the job's record
USUAL, WHOLE, ALONE = "usual", "all weights", "labels alone"
LOWER = "lower rate"  # of all weights, where the usual way is `WHOLE`
PARTS = 5  # of the labels, of which one or two are left out in turn
LEAST_LEFT_OUT = 10  # labels: fewer tell nothing apart
MANY_LEFT_OUT = 150  # labels that tell ten points apart
# From so many labels a class on all weights are trained as in the paper.
ENOUGH = 50
SOURCE = "trials on a part of the labels"
_DECIDING = {
    "learning_rate",
    "fine_tune_after_block",
    "linear_probe_init",
    "train_epochs",
    "optimizer",
}


def ways(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """{name: options of fine-tuning} of the ways to learn from the labels.

    All weights are tried where the usual way changes any: below that the
    features of too few labels are no better for it. It has one of two rates,
    by the labels of a class on average, and the other one is tried.

    Args:
      recipe: A `Recipe`; its options of "trial" say how many steps.
    """
    names = [USUAL]
    if not _probes(recipe):
        names.append(LOWER if _is_whole(recipe) else WHOLE)
    if "pretrain" not in recipe.left_out:
        names.append(ALONE)
    return {name: _way(recipe, name) for name in names}


def _way(recipe, name):
    """Options of a way, which a job of an earlier version may have begun.

    It tried `WHOLE` also where that is the usual way.
    """
    usual = recipe.options("finetune")
    trained = {**recipe.options("trial"), "fine_tune_after_block": -1}
    if name == USUAL:
        return {}
    if name == ALONE:
        return {**trained, **_as_from_scratch(recipe, usual)}
    scaled = LOW_RATE if name == LOWER else WHOLE_RATE
    return {**trained, "learning_rate": scaled / rate_scale(usual)}


def _is_whole(recipe):
    """Whether the usual way has the higher one of the two rates."""
    usual = recipe.options("finetune")
    scaled = usual["learning_rate"] * rate_scale(usual)
    return math.isclose(scaled, WHOLE_RATE, rel_tol=0.01)


def _as_from_scratch(recipe, usual):
    """Optimizer and rate of the small network that learns from labels alone.

    The rate is the same after scaling by the batch, which may be another.
    """
    batch = {"train_batch_size": usual["train_batch_size"]}
    scratch = {**batch, **recipe.options("scratch")}
    rate = scratch["learning_rate"]
    if rate_scale(scratch) != rate_scale(usual):
        rate *= rate_scale(scratch) / rate_scale(usual)
    chosen = {"learning_rate": rate, "linear_probe_init": False}
    if "optimizer" in scratch:
        chosen["optimizer"] = scratch["optimizer"]
    return chosen


def wanted(recipe: Recipe, labelled: int, fewest: int) -> bool:
    """Whether trials tell something that the user has not decided.

    Args:
      recipe: A `Recipe`.
      labelled: Labelled images.
      fewest: Labels of the class that has the fewest.
    """
    return (
        2 <= fewest < ENOUGH
        and labelled // min(PARTS, fewest) >= LEAST_LEFT_OUT
        and not _DECIDING & set(recipe.given.get("finetune", {}))
        and len(ways(recipe)) > 1
    )


def runs(recipe: Recipe, labelled: int) -> int:
    """How many runs the trials are; a linear probe takes none."""
    return (len(ways(recipe)) - _probes(recipe)) * _turns(labelled)


def _probes(recipe):
    """Whether the usual way is to leave the features as they are."""
    return not recipe.options("finetune")["learning_rate"]


def _turns(labelled):
    """How many parts of the labels are left out, one after another."""
    return 1 if labelled // PARTS >= MANY_LEFT_OUT else 2


def choose_way(job) -> None:
    """Has a `Job`'s recipe fine-tune in the way that suits the labels best."""
    done = job.record.done
    if PART not in done:
        job.record.finish(PART, _judged(job))
    chosen, shares = done[PART]["chosen"], done[PART]["shares"]
    words = ", ".join(f"{name}: {s:.1%}" for name, s in shares.items())
    why = f"right of {done[PART]['examples']} labels left out: {words}"
    _follow(job.recipe, chosen, why, len(job.data.labelled))
    told = f"the teacher's fine-tuning: {chosen}, by trials ({words})"
    print(told, flush=True)
    job.recipe.notes.append(told)


def _follow(recipe, name, why, labelled):
    """Has a recipe fine-tune in one of the ways, for longer than it warms up.

    Plans of earlier versions have not looked at a warm-up that is given.
    """
    way = _way(recipe, name)
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
    parts = divided(labelled, min(PARTS, fewest))
    turns = parts[: _turns(labelled.num_examples)]
    counted = _counted(job, turns)
    told: dict[str, np.ndarray] = {}
    best = USUAL
    for name in _tried(job):
        told[name] = _right(job, name, turns) * counted
        if surely_better(told[name], told[best]):
            best = name
    return {
        "shares": {name: float(right.mean()) for name, right in told.items()},
        "examples": len(told[best]),
        "chosen": best,
        "seconds": time.monotonic() - begin,
    }


def _tried(job):
    """The ways that there is memory for: decided once, as what is free varies.

    A job that goes on after a kill tries what it had begun to.
    """
    done = job.record.done
    if FITTING not in done:
        names = [n for n in ways(job.recipe) if n == USUAL or _fits(job, n)]
        job.record.finish(FITTING, {"names": names})
    return done[FITTING]["names"]


def _fits(job, name):
    budget, before = job.config.memory_budget, job.recipe.memory_before
    return fits(_config(job, name), name, budget, before)


def _counted(job, turns):
    """What each label counts: with balanced classes as much as its class."""
    labels = np.concatenate([asked.labels for _, asked in turns])
    options = job.recipe.options("finetune")
    if options.get("class_weights") != "balanced":
        return np.ones(len(labels))
    of_class = np.bincount(labels)
    return len(labels) / (np.count_nonzero(of_class) * of_class[labels])


def _right(job, name, turns):
    """Of each label that is left out, whether a way tells it right."""
    tells = _trial
    if name == USUAL and _probes(job.recipe):
        tells = _probe
    right = [
        tells(job, name, turn, known, asked)
        for turn, (known, asked) in enumerate(turns)
    ]
    return np.concatenate(right).astype(float)


def _probe(job, name, turn, known, asked):
    """What is right by a linear probe, which the usual way comes to."""
    del name, turn
    network = job.pretrained_network()
    features = [baselines.unit_features(network, s) for s in (known, asked)]
    labels = linear_probe.classify(features[0], known.labels, features[1])
    return labels == asked.labels


def _trial(job, name, turn, known, asked):
    """What is right by a run that has not seen it; nothing if it diverged.

    The run may number its classes as the weights do that it starts from.
    """
    folder = os.path.join(PART, f"{name.replace(' ', '_')}_{turn}")
    path = job.record.path(folder)
    config = on_a_part(_config(job, name), known, model_dir=path)
    if folder not in job.record.done:
        job.run_part(folder, config, job.interruption, train_alone, known)
    if DIVERGED in job.record.done[folder]:
        return np.zeros(asked.num_examples, bool)
    network = hub.load_network(config.model_dir)
    asked = weights_order.in_order_of(config.model_dir, asked)
    return baselines.classes_of(network, asked) == asked.labels


def _config(job, name):
    """The config of fine-tuning in one of the ways."""
    recipe = dataclasses.replace(job.recipe)
    _follow(recipe, name, "tried", len(job.data.labelled))
    return job.config_of("finetune", recipe)
