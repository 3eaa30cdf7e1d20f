"""How strong the colour distortion should be: short runs, judged by labels."""

from __future__ import annotations

import dataclasses
import os
import time

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.recipes import baselines

PART = "pilots"
# From hardly any (classes that colour tells apart) to SimCLR's for CIFAR-10;
# large photographs get SimCLR's for ImageNet as well.
STRENGTHS = (0.05, 0.25, 0.5)
LARGE, LARGE_STRENGTHS = 96, (0.1, 0.5, 1.0)
SOURCE = "pilot runs, judged by a cross-validated probe"
# A strength other than the rules' must be better by so many standard errors
# of the difference on the same images.
SURE = 1.0
REPEATS = 5  # cross-validations, to lower their noise


def choose_strength(job) -> None:
    """Has a `Job`'s recipe take the strength that suits the labels best."""
    done = job.record.done
    options = job.recipe.options("pretrain")
    usual = options["color_jitter_strength"]
    large = options["image_size"] >= LARGE
    strengths = LARGE_STRENGTHS if large else STRENGTHS
    if PART not in done:
        begin = time.monotonic()
        right = {s: _pilot(job, s) for s in strengths}
        right |= {"untrained": _untrained(job), "pixels": _pixels(job)}
        chosen = best(right, usual, strengths)
        shares = {str(name): float(r.mean()) for name, r in right.items()}
        seconds = time.monotonic() - begin
        job.record.finish(
            PART, {"shares": shares, "chosen": chosen, "seconds": seconds}
        )
    told = done[PART]
    words = ", ".join(f"{n}: {s:.1%}" for n, s in told["shares"].items())
    why = f"right of the labelled images, left out in turn: {words}"
    print(f"strength of the colour distortion {told['chosen']}; {why}")
    job.recipe.choose(
        "pretrain", "color_jitter_strength", told["chosen"], why, SOURCE
    )
    job.recipe.notes.append(
        f"colour distortion {told['chosen']} by pilot runs ({words})"
    )


def best(right: dict, usual: float, strengths: tuple) -> float:
    """The strength that is surely better than the usual one, or that.

    Args:
      right: {strength: share of right answers for each labelled image}.
      usual: The strength of the rules.
      strengths: Those that were tried.
    """
    if usual not in right:
        return max(strengths, key=lambda s: right[s].mean())
    found = usual
    for strength in strengths:
        gain = right[strength] - right[usual]
        error = gain.std() / np.sqrt(len(gain))
        ahead = right[strength].mean() > right[found].mean()
        if gain.mean() > SURE * error and ahead:
            found = strength
    return found


def _pilot(job, strength):
    """A short pretraining with a strength, and what its features tell."""
    folder = os.path.join(PART, f"strength_{strength:g}")
    steps = job.recipe.options("pilot")["train_steps"]
    config = job.config_of("pretrain")
    examples = job.data.train.num_examples
    config = dataclasses.replace(
        config,
        model_dir=job.record.path(folder),
        color_jitter_strength=strength,
        train_steps=steps,
        warmup_epochs=0.1 * steps * config.train_batch_size / examples,
        checkpoint_steps=steps,
        train_summary_steps=steps,
    )
    if folder not in job.record.done:
        job.run_part(folder, config, job.interruption)
    network = hub.load_network(config.model_dir)
    return _right(job, lambda s: baselines.features_of(network, s))


def _untrained(job):
    directory = job.record.path(PART, f"strength_{STRENGTHS[-1]:g}")
    network = baselines.untrained_like(hub.load_network(directory))
    return _right(job, lambda s: baselines.features_of(network, s))


def _pixels(job):
    return _right(job, baselines.pixels_of)


def _right(job, represent):
    """Of each labelled image the share of cross-validations it is right in."""
    source = job.data.train.subset(job.data.labelled)
    features = represent(source)
    return np.mean(
        [
            baselines.left_out(
                baselines.logistic, features, source.labels, repeat
            )
            for repeat in range(REPEATS)
        ],
        axis=0,
    )
