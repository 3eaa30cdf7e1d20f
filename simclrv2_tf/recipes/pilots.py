"""How strong the colour distortion should be: short runs, judged by labels."""

from __future__ import annotations

import dataclasses
import os
import time

import numpy as np

from simclrv2_tf import hub
from simclrv2_tf.recipes import baselines
from simclrv2_tf.recipes.feature_probe import right
from simclrv2_tf.runs.train import train

PART = "pilots"
# Of the usual strength, SimCLR's: all of it, hardly any (for classes that
# colour tells apart), and the middle where there is time.
SHARES = (1.0, 0.1, 0.5)
SOURCE = "pilot runs, judged by a cross-validated probe"
# A strength other than the rules' must be better by so many standard errors
# of the difference on the same images.
SURE = 1.0


def choose_strength(job) -> None:
    """Has a `Job`'s recipe take the strength that suits the labels best."""
    done = job.record.done
    usual = job.recipe.options("pretrain")["color_jitter_strength"]
    strengths = [usual * share for share in SHARES[: job.recipe.pilot_runs]]
    if PART not in done:
        begin = time.monotonic()
        told = {s: _pilot(job, s) for s in strengths}
        chosen = best(told, usual, strengths)
        told["untrained"] = _untrained(job, strengths)
        told["raw pixels"] = right(job, baselines.pixels_of)
        shares = {str(name): float(r.mean()) for name, r in told.items()}
        seconds = time.monotonic() - begin
        job.record.finish(
            PART, {"shares": shares, "chosen": chosen, "seconds": seconds}
        )
    chosen, shares = done[PART]["chosen"], done[PART]["shares"]
    words = ", ".join(f"{name}: {s:.1%}" for name, s in shares.items())
    why = f"right of the labelled images, left out in turn: {words}"
    print(f"strength of the colour distortion {chosen}; {why}", flush=True)
    job.recipe.choose("pretrain", "color_jitter_strength", chosen, why, SOURCE)
    job.recipe.notes.append(
        f"colour distortion {chosen} by pilot runs ({words})"
    )


def best(told: dict, usual: float, strengths: list[float]) -> float:
    """The strength that is surely better than the usual one, or that.

    Args:
      told: {strength: share of right answers for each labelled image}.
      usual: The strength of the rules.
      strengths: Those that were tried.
    """
    found = usual
    for strength in strengths:
        gain = told[strength] - told[usual]
        error = gain.std() / np.sqrt(len(gain))
        ahead = told[strength].mean() > told[found].mean()
        if gain.mean() > SURE * error and ahead:
            found = strength
    return found


def _pilot(job, strength):
    """A short pretraining with a strength, and what its features tell."""
    folder = _folder(strength)
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
        job.run_part(folder, config, job.interruption, _train)
    network = hub.load_network(config.model_dir)
    return right(job, lambda s: baselines.features_of(network, s))


def _train(config, source, evaluation, interruption):
    """A run that is neither evaluated nor exported."""
    del evaluation
    trained = train(config, source, interruption)
    return {**trained.metrics, "parameters": trained.parameters}


def _folder(strength):
    return os.path.join(PART, f"strength_{strength:g}")


def _untrained(job, strengths):
    directory = job.record.path(_folder(strengths[-1]))
    network = baselines.untrained_like(hub.load_network(directory))
    return right(job, lambda s: baselines.features_of(network, s))
